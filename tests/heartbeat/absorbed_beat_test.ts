import { type AbsorbedBeat, readBeat } from "../../lib/heartbeat/absorbed_beat.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const SALT = "0123456789abcdefghijABCDEFGHIJ99";
/** What MCGalaxy 1.9.5.3 posts. */
const CAPTURE = `&port=25599&max=16&name=RealServer&public=False&version=7&salt=${SALT}&users=0` +
  "&software=MCGalaxy%201.9.5.3&web=True";

function beatOf(form: string): AbsorbedBeat {
  const reading = readBeat(form);
  assert(reading.kind === "beat", `${form}: ${JSON.stringify(reading)}`);
  return reading.beat;
}

function faultOf(form: string): string {
  const reading = readBeat(form);
  assert(reading.kind === "fault", form);
  return reading.fault;
}

Deno.test("a form of MCGalaxy is read field by field", () => {
  assertEquals(beatOf(CAPTURE), {
    port: 25599,
    players: 0,
    maxPlayers: 16,
    salt: SALT,
    name: "RealServer",
    software: "MCGalaxy 1.9.5.3",
    public: false,
    version: 7,
    web: true,
  });
});

Deno.test("a form needs a port, numbers of players and a salt, and nothing else", () => {
  const beat = beatOf("port=1&max=0&users=0&salt=s");
  assertEquals(beat, {
    ...{ port: 1, players: 0, maxPlayers: 0, salt: "s", name: "", software: "" },
    ...{ public: false, version: 7, web: false },
  });
  assertEquals(faultOf(""), "'port' is missing, 'users' is missing, 'max' is missing, 'salt' is missing");
});

Deno.test("escapes, plus signs and UTF-8 are text, and what is no UTF-8 does no harm", () => {
  const text = (name: string): string => beatOf(`port=1&max=0&users=0&salt=s&name=${name}`).name;
  assertEquals(text("A+b%20c%2B%26%3D"), "A b c+&=");
  assertEquals(text("%C3%A9%F0%9F%8E%AE\u00e9"), "\u00e9\u{1f3ae}\u00e9");
  assertEquals(text("%FFx"), "\ufffdx");
  assertEquals(text("100%"), "100%");
});

Deno.test("of repeated fields the first counts", () => {
  const beat = beatOf("port=1&port=2&max=3&users=4&salt=a&salt=b&max=x");
  assertEquals([beat.port, beat.maxPlayers, beat.salt], [1, 3, "a"]);
});

Deno.test("long names and software are cut after 256 characters, not within one", () => {
  const beat = beatOf(`${CAPTURE.replace("RealServer", "%F0%9F%8E%AE".repeat(300))}`);
  assertEquals(beat.name, "\u{1f3ae}".repeat(256));
});

Deno.test("flags are true in any case, and otherwise false", () => {
  for (
    const [value, expected] of [["True", true], ["true", true], ["TRUE", true], ["1", false], ["", false]] as const
  ) {
    assertEquals(beatOf(`port=1&max=0&users=0&salt=s&public=${value}`).public, expected, value);
  }
});

Deno.test("a fault names the field and what it must be", () => {
  const cases = [
    ["port=0", "'port' must be a whole number from 1 to 65535"],
    ["port=65536", "'port' must be a whole number from 1 to 65535"],
    ["port=25565.5", "'port' must be a whole number from 1 to 65535"],
    ["port=-1", "'port' must be a whole number from 1 to 65535"],
    ["port=%2025565", "'port' must be a whole number from 1 to 65535"],
    ["port=0x10", "'port' must be a whole number from 1 to 65535"],
    ["port=", "'port' must be a whole number from 1 to 65535"],
    ["users=1000001", "'users' must be a whole number from 0 to 1000000"],
    ["max=99999999999999999999", "'max' must be a whole number from 0 to 1000000"],
    ["max=many", "'max' must be a whole number from 0 to 1000000"],
    ["version=256", "'version' must be a whole number from 0 to 255"],
    ["version=", "'version' must be a whole number from 0 to 255"],
  ] as const;
  for (const [field, fault] of cases) assertEquals(faultOf(`${field}${CAPTURE}`), fault, field);
});

Deno.test("a salt is 1 to 64 printable ASCII characters, and never shown", () => {
  assertEquals(beatOf(`salt=${"x".repeat(64)}${CAPTURE}`).salt, "x".repeat(64));
  for (const salt of ["", "x".repeat(65), "with+space", "tab%09", "%C3%A9", "line%0Aline"]) {
    assertEquals(
      faultOf(`salt=${salt}${CAPTURE}`),
      "'salt' must be 1 to 64 printable ASCII characters without spaces",
      salt,
    );
  }
  assert(!faultOf(`port=salt=${SALT}&max=${SALT}&users=0&salt=${SALT} `).includes(SALT));
});

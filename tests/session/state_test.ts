import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT } from "../../lib/session/port.ts";
import { decodeState, encodeState, placeOf, type SessionState } from "../../lib/session/state.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { concat, dialect, extensionList, identification, playing, smallMap, welcome } from "./logins.ts";

const FULL = ExtensionSet.ALL;
const KEY = "0123456789abcdef0123456789abcdef";
/** A usual state is this long at most, in bytes. */
const USUAL_SIZE = 6 << 10;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A player with something of everything: in a line of chat, with a packet begun on either side. */
function busyPlayer(): MemoryDriver {
  const leg = dialect(FULL);
  const driver = new MemoryDriver({ announced: FULL }, ["hub", "arena"]);
  driver.fromClient(identification("Steve", KEY));
  driver.open();
  driver.fromClient(extensionList(FULL));
  driver.fromBackend(concat(extensionList(FULL, "Backend 1.0"), welcome(), smallMap(leg)));
  driver.fromBackend(encodePacket("SetClickDistance", leg, { distance: 9 }));
  driver.fromBackend(encodePacket("LevelInitialize", leg, { volume: 1 }));
  driver.fromBackend(encodePacket("Message", leg, { type: 0, message: "hello" }).subarray(0, 20));
  driver.fromClient(encodePacket("PlayerMessage", leg, { partial: 1, message: "a line" }));
  driver.fromClient(encodePacket("PlayerMessage", leg, { partial: 0, message: "that goes on" }).subarray(0, 30));
  driver.advance(10);
  return driver;
}

function queuedPlayer(): MemoryDriver {
  const driver = playing(FULL, {}, ["hub", "arena"]);
  driver.routes.busy.add("arena");
  driver.session.move("arena");
  return driver;
}

function waitingPlayer(): MemoryDriver {
  const driver = new MemoryDriver({}, []);
  driver.fromClient(concat(identification(), extensionList(FULL)));
  return driver;
}

function rawPlayer(): MemoryDriver {
  const driver = new MemoryDriver({ mode: "raw" });
  driver.fromClient(identification());
  driver.open();
  return driver;
}

const PLAYERS: Readonly<Record<string, () => MemoryDriver>> = {
  "a busy player": busyPlayer,
  "a player in line": queuedPlayer,
  "a player in the waiting room": waitingPlayer,
  "a player in raw mode": rawPlayer,
};

function written(driver: MemoryDriver): SessionState {
  const state = driver.session.writeDown();
  assert(state !== undefined, "the session cannot be written down");
  return state;
}

function jsonOf(state: SessionState): Json {
  return JSON.parse(new TextDecoder().decode(encodeState(state)));
}

function bytesOf(json: Json | undefined): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Why bytes are refused; fails where they are not. */
function refusal(bytes: Uint8Array): string {
  const outcome = decodeState(bytes);
  assert("refused" in outcome, "it was taken");
  assert(!outcome.refused.includes(KEY), "the key is told");
  return outcome.refused;
}

/** Every variant of `json` that has one value replaced by `replace`, which may return `undefined` to remove it. */
function* variants(
  json: Json,
  replace: (value: Json) => Json | undefined,
  path = "",
): Generator<[string, Json | undefined]> {
  const replaced = replace(json);
  yield [path, replaced];
  if (Array.isArray(json)) {
    for (const [index, value] of json.entries()) {
      for (const [where, variant] of variants(value, replace, `${path}.${index}`)) {
        if (variant !== undefined) yield [where, json.with(index, variant)];
      }
    }
  } else if (typeof json === "object" && json !== null) {
    for (const [name, value] of Object.entries(json)) {
      for (const [where, variant] of variants(value, replace, `${path}.${name}`)) {
        const rest = Object.entries(json).filter(([other]) => other !== name);
        yield [where, Object.fromEntries(variant === undefined ? rest : [...rest, [name, variant]])];
      }
    }
  }
}

function changed(driver: MemoryDriver, change: (json: { [name: string]: Json }) => void): Uint8Array {
  const json = jsonOf(written(driver)) as { [name: string]: Json };
  change(json);
  return bytesOf(json);
}

/** Lets a session go on for a while, whatever it makes of it. */
function exercise(state: SessionState): void {
  const driver = new MemoryDriver({}, ["hub", "arena"], state);
  const leg = placeOf(state)?.leg;
  const ping = encodePacket("Ping", dialect(), {});
  for (let round = 0; round < 3; round++) {
    driver.fromClient(ping);
    if (leg !== undefined) driver.feed(leg, ping);
    driver.advance(1_000);
    driver.session.say("hello");
  }
  driver.session.move("arena");
  driver.session.end("shutdown", "now");
  driver.settle();
}

for (const [who, make] of Object.entries(PLAYERS)) {
  Deno.test(`the state of ${who} is the same after a trip through bytes, and is not large`, () => {
    const state = written(make());
    const bytes = encodeState(state);
    const back = decodeState(bytes);
    assert(!("refused" in back));
    assertEquals(jsonOf(back), jsonOf(state));
    assertEquals(placeOf(back), placeOf(state));
    assert(bytes.length <= USUAL_SIZE, `${bytes.length} bytes`);
  });

  Deno.test(`any value of another type in the state of ${who} is refused, with words that say where`, () => {
    const json = jsonOf(written(make()));
    const others: Json[] = [true, "words", ["words"], { words: "words" }, null];
    for (const other of others) {
      for (const [path, variant] of variants(json, () => other)) {
        const found = path.split(".").slice(1).reduce<unknown>(
          (at, name) => (at as Record<string, unknown>)[name],
          json,
        );
        if (typeof found === typeof other && Array.isArray(found) === Array.isArray(other)) continue;
        const why = refusal(bytesOf(variant));
        assertMatch(why, /^Cannot (read|take up) .*current value is /);
        if (path !== "") assert(why.includes(path.slice(1)), `${path}: ${why}`);
      }
    }
  });

  Deno.test(`no value can be missing in the state of ${who} but those that are not always there`, () => {
    const missing: string[] = [];
    for (const [path, variant] of variants(jsonOf(written(make())), () => undefined)) {
      if (path === "" || variant === undefined) continue;
      if (!("refused" in decodeState(bytesOf(variant)))) missing.push(path.split(".").at(-1) ?? "");
    }
    const optional = ["magic", "handshake", "login", "map", "msLeft", "spawn", "move"];
    assertEquals(missing.filter((name) => !optional.includes(name)), []);
  });

  Deno.test(`whatever becomes of the state of ${who}, reading it does not throw, and what was read can be resumed`, () => {
    const random = seeded(1);
    const whole = encodeState(written(make()));
    let taken = 0;
    for (let round = 0; round < 3_000; round++) {
      const bytes = whole.slice(0, random.below(20) === 0 ? random.below(whole.length) : whole.length);
      for (let count = 1 + random.below(3); count > 0; count--) {
        bytes[random.below(bytes.length)] = random.below(4) === 0 ? random.below(256) : 0x30 + random.below(10);
      }
      const state = decodeState(bytes);
      if ("refused" in state) continue;
      taken++;
      exercise(state);
    }
    assert(taken > 10, `only ${taken} were taken`);
  });
}

Deno.test("a state of another version is refused as such", () => {
  assertEquals(
    refusal(changed(busyPlayer(), (json) => json.version = 2)),
    "Cannot read version: current value is 2",
  );
});

Deno.test("what is no JSON, no object or far too long is refused", () => {
  assertMatch(refusal(Uint8Array.of(0xff, 0xfe)), /no JSON$/);
  assertMatch(refusal(new Uint8Array(0)), /no JSON$/);
  assertMatch(refusal(bytesOf(7)), /current value is 7$/);
  assertMatch(refusal(bytesOf([])), /a list of 0$/);
  assertMatch(refusal(new Uint8Array(1 << 20)), /of more than \d+ bytes: current value is 1048576$/);
});

Deno.test("a state that contradicts itself is refused", () => {
  const stay = (json: { [name: string]: Json }): Record<string, Record<string, Json>> =>
    json.stay as Record<string, Record<string, Json>>;
  const base64 = (bytes: Uint8Array): string => bytes.toBase64();
  const cases: readonly [(json: { [name: string]: Json }) => void, RegExp][] = [
    [(json) => json.lastLeg = 0, /leg 1 above the last one, 0$/],
    [(json) => Object.assign(stay(json).client ?? {}, { partial: base64(new Uint8Array(200).fill(0x0d)) }), /none$/],
    [
      (json) => Object.assign(stay(json).client ?? {}, { partial: base64(Uint8Array.of(0xfe)) }),
      /of the client.*none$/,
    ],
    [
      (json) => Object.assign(stay(json).place ?? {}, { partial: base64(Uint8Array.of(0xfe)) }),
      /of the backend.*none$/,
    ],
    [
      (json) => Object.assign(stay(json).client?.line ?? {}, { packets: base64(new Uint8Array(66)) }),
      /chat that is none$/,
    ],
    [
      (json) => Object.assign(stay(json).client?.line ?? {}, { packets: base64(new Uint8Array(5)) }),
      /chat that is none$/,
    ],
    [(json) => Object.assign(stay(json).client ?? {}, { extensions: "TwoWayPing 1" }), /does not have$/],
    [(json) => Object.assign(stay(json).client ?? {}, { extensions: "Teleport 1" }), /does not know$/],
    [(json) => Object.assign(stay(json).client ?? {}, { extensions: "TwoWayPing 9" }), /does not know$/],
    [
      (json) => Object.assign((json.identity as { dialect: object }).dialect, { cpe: false }),
      /extensions without CPE$/,
    ],
  ];
  for (const [change, words] of cases) assertMatch(refusal(changed(busyPlayer(), change)), words);
});

Deno.test("where a player is is told by their state: a backend and its leg, or the waiting room", () => {
  const driver = busyPlayer();
  assertEquals(placeOf(written(driver))?.leg, driver.backend);
  assertEquals(placeOf(written(driver))?.backend, "hub");
  assertEquals(placeOf(written(rawPlayer()))?.backend, "hub");
  assertEquals(placeOf(written(waitingPlayer())), undefined);
  assertEquals(driver.take(CLIENT).length > 0, true);
});

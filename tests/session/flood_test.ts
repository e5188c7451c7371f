import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS, type SessionLimits } from "../../lib/session/port.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { concat, dialect, identification, kickText, playing } from "./logins.ts";

const PINGS = ExtensionSet.of("TwoWayPing");
const PARTS = ExtensionSet.of("LongerMessages");

function limits(changes: Partial<SessionLimits>): { readonly limits: SessionLimits } {
  return { limits: { ...DEFAULT_LIMITS, ...changes } };
}

function pings(count: number): Uint8Array {
  return concat(...Array.from({ length: count }, () => encodePacket("Ping", dialect(), {})));
}

function line(partial: number, message = "hi"): Uint8Array {
  return encodePacket("PlayerMessage", dialect(), { partial, message });
}

/** In play, or in the waiting room where there is no backend. */
function placed(where: "play" | "waiting room", changes: Partial<SessionLimits>): MemoryDriver {
  if (where === "play") return playing(PINGS, limits(changes));
  const driver = new MemoryDriver(limits(changes), []);
  driver.fromClient(identification("Steve", "-", 0));
  driver.take(CLIENT);
  return driver;
}

for (const where of ["play", "waiting room"] as const) {
  Deno.test(`two seconds' worth of packets may come at once, and one more ends the session, in the ${where}`, () => {
    const driver = placed(where, { packetsPerSecond: 50 });
    driver.fromClient(pings(100));
    assertEquals(driver.session.ended, false);
    driver.fromClient(pings(1));
    assertMatch(kickText(driver.take(CLIENT)), /^Your client sends too much/);
  });

  Deno.test(`a client at the very rate plays on for ever, in the ${where}`, () => {
    const driver = placed(where, { packetsPerSecond: 50 });
    for (let tenths = 0; tenths < 600; tenths++) {
      driver.fromClient(pings(5), [pings(5).subarray(0, 2), pings(3)]);
      driver.advance(100);
      if (where === "play") driver.fromBackend(encodePacket("Ping", dialect(PINGS), {}));
    }
    assertEquals(driver.session.ended, false);
  });

  Deno.test(`more lines of chat than allowed end the session, in the ${where}`, () => {
    const driver = placed(where, { chatRate: { count: 3, windowMs: 6_000 } });
    driver.fromClient(concat(line(255), line(255, "/help"), line(255)));
    driver.advance(2_000);
    driver.fromClient(line(255));
    assertEquals(driver.session.ended, false);
    driver.fromClient(line(255));
    assertMatch(kickText(driver.take(CLIENT)), /^You chat too much/);
  });
}

Deno.test("the parts of a long line count as one", () => {
  const driver = playing(PARTS, limits({ chatRate: { count: 2, windowMs: 1_000 } }));
  driver.fromClient(concat(line(1), line(1), line(1), line(0), line(0)));
  assertEquals(driver.session.ended, false);
  driver.fromClient(line(0));
  assertEquals(driver.session.ended, true);
});

Deno.test("the lines behind the limit do not reach the backend", () => {
  const driver = playing(PINGS, limits({ chatRate: { count: 1, windowMs: 1_000 } }));
  driver.fromClient(line(255, "one"));
  assertEquals(driver.take(driver.backend), line(255, "one"));
  driver.fromClient(concat(line(255, "two"), line(255, "three")));
  assertEquals(driver.take(driver.backend).length, 0);
});

Deno.test("a raw client may send the bytes of that many lines", () => {
  const driver = new MemoryDriver({ mode: "raw", ...limits({ packetsPerSecond: 10 }) });
  driver.fromClient(identification());
  driver.open();
  driver.fromClient(new Uint8Array(20 * 66));
  assertEquals(driver.session.ended, false);
  driver.fromClient(new Uint8Array(1));
  driver.settle();
  assertEquals(driver.summary?.reason, "packet-flood");
});

Deno.test("in a dry run it is told once what would have ended the session", () => {
  const driver = playing(
    PINGS,
    limits({ packetsPerSecond: 10, chatRate: { count: 1, windowMs: 9_000 }, dryRun: true }),
  );
  driver.fromClient(concat(pings(50), line(255), line(255), line(255)));
  driver.fromClient(pings(50));
  assertEquals(driver.session.ended, false);
  const told = driver.events.flatMap((event) => event.kind === "over-limit" ? [[event.reason, event.detail]] : []);
  assertEquals(told, [
    ["chat-flood", "more than 1 in 9000 ms"],
    ["packet-flood", "more than 20 in 2000 ms"],
  ]);
});

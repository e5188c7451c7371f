import { encodePacket } from "../../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS } from "../../lib/session/port.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { concat, identification, kickText, vanilla } from "./logins.ts";

const GARBAGE = Uint8Array.of(0xff, 0xfe, 0, 1, 2, 3);

/** A raw session with its backend leg open. */
function splicing(): MemoryDriver {
  const driver = new MemoryDriver({ mode: "raw" });
  driver.fromClient(identification());
  driver.open();
  driver.take(driver.backend);
  return driver;
}

Deno.test("raw mode replays the Identification and passes everything else unread", () => {
  const driver = new MemoryDriver({ mode: "raw" });
  driver.fromClient(concat(identification(), GARBAGE));
  driver.fromClient(GARBAGE);
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), GARBAGE, GARBAGE));
  driver.fromBackend(GARBAGE);
  assertEquals(driver.take(CLIENT), GARBAGE);
  driver.fromClient(GARBAGE);
  assertEquals(driver.take(driver.backend), GARBAGE);
});

Deno.test("raw mode goes on to the next backend when one cannot be reached", () => {
  const driver = new MemoryDriver({ mode: "raw" }, ["hub", "arena"]);
  driver.fromClient(identification());
  driver.session.failed(driver.backend, "refused");
  driver.open();
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
  assertEquals(driver.take(driver.backend), identification());
});

Deno.test("raw mode kicks only while no backend is there, since it knows no packet's end later", () => {
  const alone = new MemoryDriver({ mode: "raw" }, []);
  alone.fromClient(identification());
  assertMatch(kickText(alone.take(CLIENT)), /^No server can take you now/);
  const spliced = splicing();
  spliced.session.end("shutdown", "stopping");
  assertEquals(spliced.take(CLIENT).length, 0);
  assertEquals(spliced.closings.map(({ how }) => how), ["full", "full"]);
});

Deno.test("the end of one side is passed on, and the other side still heard", () => {
  const driver = splicing();
  driver.session.eof(CLIENT);
  assertEquals(driver.closings, [{ leg: driver.backend, how: "half" }]);
  driver.fromBackend(GARBAGE);
  assertEquals(driver.take(CLIENT), GARBAGE);
  driver.session.eof(driver.backend);
  driver.settle();
  assertEquals(driver.summary?.code, "CP");
});

Deno.test("a backend that ends first is what ended the session", () => {
  const driver = splicing();
  driver.session.eof(driver.backend);
  assertEquals(driver.closings, [{ leg: CLIENT, how: "half" }]);
  driver.fromClient(GARBAGE);
  assertEquals(driver.take(driver.backend), GARBAGE);
  driver.session.eof(CLIENT);
  driver.settle();
  assertEquals(driver.summary?.code, "SP");
});

Deno.test("a side that ends while the backend is dialled is not forgotten", () => {
  const driver = new MemoryDriver({ mode: "raw" });
  driver.fromClient(concat(identification(), GARBAGE));
  driver.session.eof(CLIENT);
  driver.open();
  assertEquals(driver.take(driver.backend), concat(identification(), GARBAGE));
  assertEquals(driver.closings, [{ leg: driver.backend, how: "half" }]);
});

Deno.test("after one side has ended the other is kept only as long as it speaks", () => {
  const driver = splicing();
  driver.session.eof(CLIENT);
  for (let i = 0; i < 20; i++) {
    driver.advance(DEFAULT_LIMITS.lingerMs - 1);
    driver.fromBackend(GARBAGE);
  }
  assertEquals(driver.session.ended, false);
  driver.advance(DEFAULT_LIMITS.lingerMs);
  driver.settle();
  assertEquals(driver.summary?.reason, "client-left");
});

Deno.test("an operator who would move a player in raw mode is told why not", () => {
  assertEquals(splicing().session.move("arena"), {
    kind: "refused",
    why: "players of a raw listener stay where they are",
  });
});

Deno.test("raw mode ends a login that no backend answers in time", () => {
  const driver = new MemoryDriver({ mode: "raw" }, ["a", "b", "c", "d", "e"]);
  driver.fromClient(encodePacket("PlayerIdentification", vanilla(), { protocol: 7, username: "A", key: "", magic: 0 }));
  driver.advance(DEFAULT_LIMITS.loginMs);
  driver.settle();
  assertEquals(driver.summary?.reason, "no-backend");
});

import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { type Admission, CLIENT } from "../../lib/session/port.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { concat, extensionList, identification, kickText } from "./logins.ts";

const WRONG_KEY: Admission = { kind: "refused", reason: "wrong-key", detail: "wrong" };

for (const mode of ["parse", "raw"] as const) {
  Deno.test(`who is refused hears of it before anything is dialled, in ${mode} mode`, () => {
    const asked: string[][] = [];
    const admit = (name: string, key: string): Admission => {
      asked.push([name, key]);
      return WRONG_KEY;
    };
    const driver = new MemoryDriver({ admit, mode });
    driver.fromClient(identification("Steve", "guess"));
    assertEquals(asked, [["Steve", "guess"]]);
    assertEquals(driver.dialled, []);
    assertMatch(kickText(driver.take(CLIENT)), /^Login failed! .* \[PA-TEST1\]$/);
    driver.settle();
    assertEquals([driver.summary?.reason, driver.summary?.player], ["wrong-key", "Steve"]);
  });

  Deno.test(`the backend hears the name the player is let in by, and the key that proves it there, in ${mode} mode`, () => {
    const driver = new MemoryDriver({
      mode,
      admit: () => ({ kind: "admitted", name: "Steve_b" }),
      keyFor: (backend, name) => `${backend}:${name}`,
    });
    driver.fromClient(identification("Steve", "secret", 0));
    driver.open();
    assertEquals(driver.take(driver.backend), identification("Steve_b", "hub:Steve_b", 0));
    driver.session.end("shutdown", "");
    driver.settle();
    assertEquals(driver.summary?.player, "Steve_b");
  });

  Deno.test(`who has to wait for a name is let in once it is free, with what was sent meanwhile, in ${mode} mode`, () => {
    const list = extensionList(ExtensionSet.of("HeldBlock"));
    let free = false;
    const driver = new MemoryDriver({
      mode,
      announced: ExtensionSet.of("HeldBlock"),
      admit: (name) => free ? { kind: "admitted", name } : { kind: "later" },
    });
    driver.fromClient(concat(identification(), list.subarray(0, 20)));
    driver.fromClient(list.subarray(20));
    driver.session.admitted();
    assertEquals([driver.dialled.length, driver.take(CLIENT).length], [0, 0]);
    free = true;
    driver.session.admitted();
    driver.open();
    assertEquals(driver.take(driver.backend), concat(identification(), list));
  });
}

Deno.test("a refusal may come late, and nothing the client sends meanwhile counts", () => {
  const driver = new MemoryDriver({ admit: () => ({ ...WRONG_KEY, delayMs: 2_000 }) });
  driver.fromClient(identification());
  driver.fromClient(identification());
  driver.session.admitted();
  driver.advance(1_999);
  assertEquals(driver.take(CLIENT).length, 0);
  driver.advance(1);
  assertMatch(kickText(driver.take(CLIENT)), /^Login failed!/);
});

Deno.test("a reason of one's own is cut so that the code behind it fits", () => {
  const text = "x".repeat(80);
  const driver = new MemoryDriver({ admit: () => ({ kind: "refused", reason: "banned", detail: "", text }) });
  driver.fromClient(identification());
  assertEquals(kickText(driver.take(CLIENT)), `${"x".repeat(64 - " [OA-TEST1]".length)} [OA-TEST1]`);
});

Deno.test("who waits for a name that is never free is told in the end", () => {
  const driver = new MemoryDriver({ admit: () => ({ kind: "later" }) });
  driver.fromClient(identification());
  driver.advance(10_000);
  assertMatch(kickText(driver.take(CLIENT)), /took too long/);
});

Deno.test("who waits for a name cannot make the edge keep more than it should", () => {
  const driver = new MemoryDriver({ admit: () => ({ kind: "later" }) });
  driver.fromClient(identification());
  driver.fromClient(new Uint8Array(65 << 10));
  driver.settle();
  assertEquals(driver.summary?.reason, "early-flood");
});

Deno.test("the time for a login counts from when the connection was accepted", () => {
  const driver = new MemoryDriver({ acceptedAt: -7_000 });
  driver.advance(1_999);
  assertEquals(driver.closings.length, 0);
  driver.advance(1);
  driver.settle();
  assertEquals([driver.summary?.reason, driver.summary?.timers.total], ["login-timeout", 10_000]);
});

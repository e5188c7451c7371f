import { type CheckOutcome, Checks } from "../../lib/routing/checks.ts";
import { assertEquals } from "../harness/assert.ts";
import { FakeClock } from "./fake_clock.ts";

interface Running {
  readonly backend: string;
  readonly signal: AbortSignal;
  readonly answer: (outcome: CheckOutcome) => void;
  readonly fail: (error: Error) => void;
}

/** Checks of `hub` every second, which the test answers by hand. */
class Checked {
  readonly clock = new FakeClock(0);
  /** Every check that was begun, with its time. */
  readonly begun: (readonly [backend: string, time: number])[] = [];
  readonly running: Running[] = [];
  readonly reports: (readonly [backend: string, outcome: CheckOutcome])[] = [];
  random = 0.5;
  /** Whether checks go on though they are aborted. */
  deaf = false;
  readonly checks: Checks;

  constructor(backends: readonly string[] = ["hub"]) {
    this.checks = new Checks({
      backends,
      intervalMs: 1000,
      timeoutMs: 300,
      clock: this.clock,
      random: () => this.random,
      report: (backend, outcome) => this.reports.push([backend, outcome]),
      check: (backend, signal) => {
        this.begun.push([backend, this.clock.now()]);
        const { promise, resolve, reject } = Promise.withResolvers<CheckOutcome>();
        this.running.push({ backend, signal, answer: resolve, fail: reject });
        signal.addEventListener("abort", () => {
          if (!this.deaf) reject(signal.reason);
        });
        return promise;
      },
    });
  }

  /** Answers the check that was begun last. */
  async answer(outcome: CheckOutcome = { ok: true }): Promise<void> {
    this.running.at(-1)?.answer(outcome);
    await settled();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

/** Resolves when all promises that could be settled by now have been. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("every backend is checked at the start, and what was found is reported", async () => {
  const checked = new Checked(["hub", "arena"]);
  checked.checks.start();
  assertEquals(checked.begun, [["hub", 0], ["arena", 0]]);
  await checked.answer({ ok: false, cause: "connection refused" });
  checked.running[0]?.answer({ ok: true });
  await settled();
  assertEquals(checked.reports, [["arena", { ok: false, cause: "connection refused" }], ["hub", { ok: true }]]);
  await checked.checks.stop();
});

Deno.test("the next check begins one interval after the one before has begun", async () => {
  const checked = new Checked();
  checked.checks.start();
  await checked.advance(200);
  await checked.answer();
  await checked.advance(799);
  assertEquals(checked.begun.length, 1);
  await checked.advance(1);
  assertEquals(checked.begun, [["hub", 0], ["hub", 1000]]);
  await checked.checks.stop();
});

for (const [random, ms] of [[0, 900], [0.5, 1000], [0.75, 1050]] as const) {
  Deno.test(`an interval of a second is ${ms} ms where chance says ${random}`, async () => {
    const checked = new Checked();
    checked.random = random;
    checked.checks.start();
    await checked.answer();
    await checked.advance(ms - 1);
    assertEquals(checked.begun.length, 1);
    await checked.advance(1);
    assertEquals(checked.begun.length, 2);
    await checked.checks.stop();
  });
}

Deno.test("a check that takes too long is aborted and has failed", async () => {
  const checked = new Checked();
  checked.checks.start();
  await checked.advance(299);
  assertEquals(checked.running[0]?.signal.aborted, false);
  await checked.advance(1);
  assertEquals(checked.running[0]?.signal.aborted, true);
  assertEquals(checked.reports, [["hub", { ok: false, cause: "no answer within 300 ms" }]]);
  await checked.advance(700);
  assertEquals(checked.begun.length, 2);
  await checked.checks.stop();
});

Deno.test("a check that goes on though its time is over has failed, and the next one waits for its end", async () => {
  const checked = new Checked();
  checked.deaf = true;
  checked.checks.start();
  await checked.advance(5_000);
  assertEquals([checked.begun.length, checked.reports], [1, []]);
  await checked.answer();
  assertEquals(checked.reports, [["hub", { ok: false, cause: "no answer within 300 ms" }]]);
  await checked.advance(0);
  assertEquals(checked.begun.length, 2);
  await checked.answer();
  await checked.checks.stop();
});

Deno.test("a check that rejects has failed because of that", async () => {
  const checked = new Checked();
  checked.checks.start();
  checked.running[0]?.fail(new Error("no route"));
  await settled();
  assertEquals(checked.reports, [["hub", { ok: false, cause: "no route" }]]);
  await checked.checks.stop();
});

Deno.test("a check that ends in time leaves no timer but the next check's", async () => {
  const checked = new Checked();
  checked.checks.start();
  await checked.answer();
  assertEquals(checked.clock.pending, 1);
  await checked.checks.stop();
  assertEquals(checked.clock.pending, 0);
});

Deno.test("stopping aborts what runs, reports nothing and checks no more", async () => {
  const checked = new Checked(["hub", "arena"]);
  checked.checks.start();
  await checked.answer();
  await checked.checks.stop();
  assertEquals(checked.running[0]?.signal.aborted, true);
  await checked.advance(60_000);
  assertEquals([checked.begun.length, checked.reports.length, checked.clock.pending], [2, 1, 0]);
});

Deno.test("a backend that is added is checked at once, one that is taken away is reported no more", async () => {
  const checked = new Checked(["hub"]);
  checked.checks.start();
  checked.checks.configure({ backends: ["arena"], intervalMs: 1000, timeoutMs: 300 });
  assertEquals(checked.begun, [["hub", 0], ["arena", 0]]);
  const [hub, arena] = checked.running;
  hub?.answer({ ok: false, cause: "refused" });
  arena?.answer({ ok: true });
  await settled();
  await checked.advance(999);
  assertEquals(checked.reports, [["arena", { ok: true }]]);
  await checked.checks.stop();
});

Deno.test("a backend that comes back during its check is checked anew behind it, never twice at a time", async () => {
  const checked = new Checked(["hub"]);
  checked.checks.start();
  checked.checks.configure({ backends: [], intervalMs: 1000, timeoutMs: 300 });
  checked.checks.configure({ backends: ["hub"], intervalMs: 1000, timeoutMs: 300 });
  assertEquals(checked.begun.length, 1);
  await checked.answer({ ok: false, cause: "it was another server" });
  assertEquals([checked.begun.length, checked.reports], [2, []]);
  await checked.answer();
  assertEquals(checked.reports, [["hub", { ok: true }]]);
  await checked.advance(1_000);
  assertEquals(checked.begun.length, 3);
  await checked.checks.stop();
});

Deno.test("a backend that is to be checked again does not wait for its time", async () => {
  const checked = new Checked(["hub"]);
  checked.checks.start();
  await checked.answer();
  await checked.advance(400);
  checked.checks.again("hub");
  assertEquals([checked.begun.at(-1), checked.clock.pending], [["hub", 400], 1]);
  await checked.answer();
  await checked.advance(1_000);
  assertEquals(checked.begun, [["hub", 0], ["hub", 400], ["hub", 1_400]]);
  await checked.checks.stop();
});

Deno.test("another interval and another deadline count from the next check on", async () => {
  const checked = new Checked(["hub"]);
  checked.checks.start();
  await checked.answer();
  checked.checks.configure({ backends: ["hub"], intervalMs: 5_000, timeoutMs: 50 });
  await checked.advance(1_000);
  await checked.advance(50);
  assertEquals(checked.reports.at(-1), ["hub", { ok: false, cause: "no answer within 50 ms" }]);
  await checked.advance(4_949);
  assertEquals(checked.begun.length, 2);
  await checked.advance(1);
  assertEquals(checked.begun.length, 3);
  await checked.checks.stop();
});

import type { Facts } from "../../lib/heartbeat/beat.ts";
import { Publisher, type PublisherEvent } from "../../lib/heartbeat/publisher.ts";
import type { NotListed, Verdict } from "../../lib/heartbeat/verdict.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { FakeClock } from "../routing/fake_clock.ts";
import { RECORDED_FACTS } from "./facts.ts";
import { PLAY_URL } from "./scripted_list.ts";

const LISTED: Verdict = { kind: "listed", url: PLAY_URL };
const OTHER_URL = "https://www.classicube.net/server/play/fedc/";
const MINUTE = 60_000;

function notListed(explanation = "closed"): NotListed {
  return { kind: "not-listed", reason: "refused", explanation, advice: "open it" };
}

interface Sending {
  readonly facts: Facts;
  readonly signal: AbortSignal;
  readonly answer: (verdict: Verdict) => void;
  readonly fail: (error: unknown) => void;
}

/** A publisher with an interval of 30 s, whose heartbeats the test answers. */
class Published {
  readonly clock = new FakeClock(0);
  facts: () => Facts = () => RECORDED_FACTS;
  random = 0.5;
  /** When each heartbeat was begun. */
  readonly begun: number[] = [];
  readonly sending: Sending[] = [];
  readonly events: PublisherEvent[] = [];
  readonly salts: (readonly [salt: string, sentAt: number])[] = [];
  /** What every heartbeat is answered at once; where there is nothing, the test answers by hand. */
  always: Verdict | undefined;
  readonly publisher: Publisher;

  constructor(intervalMs = 30_000) {
    this.publisher = new Publisher({
      intervalMs,
      clock: this.clock,
      random: () => this.random,
      facts: () => this.facts(),
      onEvent: (event) => this.events.push(event),
      published: (salt, sentAt) => this.salts.push([salt, sentAt]),
      send: (facts, signal) => {
        this.begun.push(this.clock.now());
        if (this.always !== undefined) return Promise.resolve(this.always);
        const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
        this.sending.push({ facts, signal, answer: resolve, fail: reject });
        signal.addEventListener("abort", () => reject(signal.reason));
        return promise;
      },
    });
  }

  /** Answers the heartbeat that was begun last. */
  async answer(verdict: Verdict = LISTED): Promise<void> {
    this.sending.at(-1)?.answer(verdict);
    await settled();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  /** Lets `ms` pass in small steps, so that heartbeats that are answered at once go on. */
  async pass(ms: number): Promise<void> {
    await settled();
    for (let step = 0; step < ms; step += 500) {
      this.clock.advance(500);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }

  /** Milliseconds between two heartbeats each. */
  get gaps(): readonly number[] {
    return this.begun.slice(1).map((at, index) => at - (this.begun[index] ?? NaN));
  }
}

/** Resolves when all promises that could be settled by now have been. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("the first heartbeat is sent at once, with the facts of that moment", async () => {
  const published = new Published();
  published.publisher.start();
  assertEquals(published.sending.map(({ facts }) => facts), [RECORDED_FACTS]);
  await published.publisher.stop();
});

Deno.test("facts are asked again for each heartbeat", async () => {
  const published = new Published();
  let users = 0;
  published.facts = () => ({ ...RECORDED_FACTS, users: users++ });
  published.publisher.start();
  for (let beat = 0; beat < 3; beat++) {
    await published.answer();
    await published.advance(30_000);
  }
  assertEquals(published.sending.map(({ facts }) => facts.users), [0, 1, 2, 3]);
  await published.publisher.stop();
});

Deno.test("heartbeats begin one interval after another, however long they take", async () => {
  const published = new Published();
  published.publisher.start();
  for (const takes of [0, 7_000, 12, 29_999]) {
    await published.advance(takes);
    await published.answer();
    await published.advance(30_000 - takes);
  }
  assertEquals(published.begun, [0, 30_000, 60_000, 90_000, 120_000]);
  await published.publisher.stop();
});

Deno.test("there are never two heartbeats at a time; those that were missed are not made up for", async () => {
  const published = new Published(1_000);
  published.publisher.start();
  await published.advance(3_400);
  assertEquals(published.begun, [0]);
  await published.answer();
  assertEquals(published.begun, [0]);
  await published.advance(600);
  assertEquals(published.begun, [0, 4_000]);
  await published.publisher.stop();
});

Deno.test("a heartbeat that fails is tried twice more soon, and then in each interval", async () => {
  const published = new Published();
  published.always = notListed();
  published.publisher.start();
  await published.pass(70_000);
  assertEquals(published.gaps, [2_000, 4_000, 30_000, 30_000]);
  await published.publisher.stop();
});

Deno.test("tries are not nearer to each other than a short interval asks for", async () => {
  const published = new Published(1_000);
  published.always = notListed();
  published.publisher.start();
  await published.pass(3_000);
  assertEquals(published.gaps, [1_000, 1_000, 1_000]);
  await published.publisher.stop();
});

Deno.test("after many failures heartbeats become rarer, but never rarer than every three minutes", async () => {
  const published = new Published();
  published.always = notListed();
  published.publisher.start();
  await published.pass(30 * MINUTE);
  assertEquals(published.gaps.slice(0, 13), [
    2_000,
    4_000,
    ...Array.from({ length: 8 }, () => 30_000),
    60_000,
    120_000,
    180_000,
  ]);
  assert(published.gaps.length > 15);
  assertEquals(new Set(published.gaps.slice(12)), new Set([180_000]));
  await published.publisher.stop();
});

Deno.test("an interval of more than three minutes is kept after many failures", async () => {
  const published = new Published(10 * MINUTE);
  published.always = notListed();
  published.publisher.start();
  await published.pass(200 * MINUTE);
  assertEquals(new Set(published.gaps.slice(2)), new Set([10 * MINUTE]));
  await published.publisher.stop();
});

for (const [random, gap] of [[0, 1_600], [0.999999, 2_400]] as const) {
  Deno.test(`the first try again comes after ${gap} ms where chance says ${random}`, async () => {
    const published = new Published();
    published.random = random;
    published.always = notListed();
    published.publisher.start();
    await settled();
    await published.advance(gap - 1);
    assertEquals(published.begun.length, 1);
    await published.advance(1);
    assertEquals(published.begun.length, 2);
    await published.publisher.stop();
  });
}

Deno.test("a success after failures brings the interval back, counted from its own beginning", async () => {
  const published = new Published();
  published.always = notListed();
  published.publisher.start();
  await published.pass(20 * MINUTE);
  published.always = LISTED;
  await published.pass(3 * MINUTE);
  const first = published.begun.length - 1;
  await published.pass(2 * MINUTE);
  assertEquals(published.gaps.slice(first), [30_000, 30_000, 30_000, 30_000]);
  await published.publisher.stop();
});

Deno.test("a listing is told once, and again under another address", async () => {
  const published = new Published();
  published.always = LISTED;
  published.publisher.start();
  await published.pass(5 * MINUTE);
  published.always = { kind: "listed", url: OTHER_URL };
  await published.pass(5 * MINUTE);
  assertEquals(published.events, [
    { kind: "listed", url: PLAY_URL, changed: true, failures: 0 },
    { kind: "listed", url: OTHER_URL, changed: true, failures: 0 },
  ]);
  await published.publisher.stop();
});

Deno.test("recovery is told, and that the address is the same", async () => {
  const published = new Published();
  published.publisher.start();
  await published.answer();
  for (const [ms, verdict] of [[30_000, notListed()], [2_000, notListed()], [4_000, LISTED]] as const) {
    await published.advance(ms);
    await published.answer(verdict);
  }
  assertEquals(published.events, [
    { kind: "listed", url: PLAY_URL, changed: true, failures: 0 },
    { kind: "failed", failure: notListed(), failures: 1 },
    { kind: "listed", url: PLAY_URL, changed: false, failures: 2 },
  ]);
  await published.publisher.stop();
});

Deno.test("a failure is told when it begins, when its cause changes, and then every ten minutes with a count", async () => {
  const published = new Published();
  published.always = notListed();
  published.publisher.start();
  await published.pass(10_000);
  published.always = notListed("other");
  await published.pass(25 * MINUTE);
  const told = published.events.map((event) => event.kind === "failed" && event.failure.explanation);
  assertEquals(told, ["closed", "other", "other", "other"]);
  const counts = published.events.map(({ failures }) => failures);
  assertEquals(counts.slice(0, 2), [1, 4]);
  assert((counts[2] ?? 0) > 4 && (counts[3] ?? 0) > (counts[2] ?? 0));
  await published.publisher.stop();
});

Deno.test("the same failure is told again where there was a success in between", async () => {
  const published = new Published();
  published.publisher.start();
  for (const verdict of [notListed(), LISTED, notListed()]) {
    await published.answer(verdict);
    await published.advance(30_000);
  }
  assertEquals(published.events.map(({ kind }) => kind), ["failed", "listed", "failed"]);
  await published.publisher.stop();
});

Deno.test("each success tells the salt that was sent, and when, not those of later", async () => {
  const published = new Published();
  published.publisher.start();
  published.facts = () => ({ ...RECORDED_FACTS, salt: "new" });
  await published.advance(700);
  await published.answer();
  await published.advance(29_300);
  await published.answer(notListed());
  await published.advance(2_000);
  await published.advance(300);
  await published.answer();
  assertEquals(published.salts, [[RECORDED_FACTS.salt, 0], ["new", 32_000]]);
  await published.publisher.stop();
});

Deno.test("the state keeps the last address and the last failure", async () => {
  const published = new Published();
  const { publisher } = published;
  assertEquals(publisher.state, { url: undefined, succeededAt: undefined, lastFailure: undefined, failures: 0 });
  publisher.start();
  await published.advance(10);
  await published.answer();
  assertEquals(publisher.state, { url: PLAY_URL, succeededAt: 10, lastFailure: undefined, failures: 0 });
  await published.advance(29_990);
  await published.answer(notListed());
  await published.advance(2_000);
  await published.answer(notListed("other"));
  const lastFailure = { at: 32_000, failure: notListed("other") };
  assertEquals(publisher.state, { url: PLAY_URL, succeededAt: 10, lastFailure, failures: 2 });
  await published.advance(4_000);
  await published.answer();
  assertEquals(publisher.state, { url: PLAY_URL, succeededAt: 36_000, lastFailure, failures: 0 });
  await publisher.stop();
});

Deno.test("an error of the edge itself fails a heartbeat, tells no salt, and the next one is sent", async () => {
  const published = new Published();
  published.facts = () => {
    throw new RangeError(`salt ${RECORDED_FACTS.salt}`);
  };
  published.publisher.start();
  await settled();
  published.facts = () => RECORDED_FACTS;
  await published.advance(2_000);
  published.sending[0]?.fail(`salt ${RECORDED_FACTS.salt}`);
  await settled();
  await published.advance(4_000);
  await published.answer();
  assertEquals(published.events.map(({ kind }) => kind), ["failed", "failed", "listed"]);
  const told = JSON.stringify([published.events, published.publisher.state]);
  assert(told.includes("RangeError in the edge itself"));
  assert(!told.includes(RECORDED_FACTS.salt));
  await published.publisher.stop();
});

Deno.test("stopping aborts what is under way, tells nothing and sends nothing any more", async () => {
  const published = new Published();
  published.publisher.start();
  await published.publisher.stop();
  assertEquals(published.sending[0]?.signal.aborted, true);
  await published.advance(10 * MINUTE);
  assertEquals([published.begun.length, published.events, published.salts, published.clock.pending], [1, [], [], 0]);
});

Deno.test("stopping between two heartbeats leaves no timer, and stopping one that never started is no fault", async () => {
  const published = new Published();
  published.publisher.start();
  await published.answer();
  assertEquals(published.clock.pending, 1);
  await published.publisher.stop();
  assertEquals(published.clock.pending, 0);
  await new Published().publisher.stop();
});

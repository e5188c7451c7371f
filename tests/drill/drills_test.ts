import type { Drill, DrillOrder } from "../../lib/drill/drill.ts";
import { Drills } from "../../lib/drill/drills.ts";
import type { Fault } from "../../lib/drill/fault.ts";
import type { Subject } from "../../lib/drill/witness.ts";
import type { SessionEvent } from "../../lib/session/port.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { FakeClock } from "../routing/fake_clock.ts";
import { FakeEvents, FakeLeg } from "./fake_leg.ts";

const NEVER = new AbortController().signal;
const STALL: DrillOrder = { fault: { kind: "stall" }, backend: "hub", players: undefined, forMs: 1_000 };
const STEVE: Subject = { session: "A1", player: "Steve", backend: "hub", isNew: false };
const ALEX: Subject = { session: "A2", player: "Alex", backend: "", isNew: true };
const LOST: SessionEvent = { kind: "lost", backend: "hub", reason: "backend-lost", detail: "" };

/** Drills under a clock that the test moves, and what is told of them. */
class Yard {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly drills: Drills;

  constructor(enabled = true) {
    this.drills = new Drills({
      clock: this.clock,
      enabled,
      prefix: "d",
      begun: ({ id }) => this.told.push(`${id} begun`),
      ended: ({ id }, why) => this.told.push(`${id} ended: ${why}`),
    });
  }

  begin(order: Partial<DrillOrder> = {}): Drill {
    const answer = this.drills.begin({ ...STALL, ...order });
    if (answer.kind === "refused") throw new Error(answer.why);
    return answer.drill;
  }
}

/** Why no drill begins. */
function refusal(drills: Drills, order: Partial<DrillOrder> = {}): string {
  const answer = drills.begin({ ...STALL, ...order });
  return answer.kind === "refused" ? answer.why : "";
}

Deno.test("a drill is for all who are on its backend or come there, until its time is over", () => {
  const { drills, clock, told } = new Yard();
  const answer = drills.begin(STALL);
  assert(answer.kind === "begun");
  assertEquals(drills.on("hub", "Steve"), answer.drill);
  assertEquals(drills.on("arena", "Steve"), undefined);
  clock.advance(999);
  assertEquals(drills.on("hub", "Alex"), answer.drill);
  clock.advance(1);
  assertEquals(drills.on("hub", "Alex"), undefined);
  assertEquals(told, ["d-1 begun", "d-1 ended: its time is over"]);
  assertEquals(drills.report("d-1")?.state, "over");
});

Deno.test("a drill for chosen players is for no others", () => {
  const yard = new Yard();
  const drill = yard.begin({ players: ["steve"] });
  assertEquals([yard.drills.on("hub", "STEVE"), yard.drills.on("hub", "Alex")], [drill, undefined]);
  assert(drill.isSelective);
});

Deno.test("no drill begins where none is allowed, and none goes on once a reload forbids them", () => {
  const { drills, told } = new Yard(false);
  assert(refusal(drills).includes("set enabled = true"));
  assertEquals(told, []);
  drills.configure(true, ["hub"]);
  drills.begin(STALL);
  drills.configure(false, ["hub"]);
  assertEquals(told, ["d-1 begun", "d-1 ended: drills are not enabled any more"]);
  assert(refusal(drills).includes("set enabled = true"));
});

Deno.test("a drill ends with its backend, when an operator wants it, and with the edge", () => {
  const { drills, told } = new Yard();
  drills.begin(STALL);
  drills.configure(true, ["arena"]);
  drills.begin(STALL);
  assertEquals([drills.end("d-2"), drills.end("d-3"), drills.end("2"), drills.end("e-2")], [true, false, false, false]);
  drills.begin(STALL);
  drills.close("the edge is stopping");
  assertEquals(told.filter((line) => line.includes("ended")), [
    "d-1 ended: the backend was removed",
    "d-2 ended: an operator ended it",
    "d-3 ended: the edge is stopping",
  ]);
  assertEquals(refusal(drills), "the edge is stopping");
});

Deno.test("one drill at a time disturbs a backend, eight run at a time, and the last thirty-two are remembered", () => {
  const yard = new Yard();
  const { drills, clock } = yard;
  yard.begin();
  assertEquals(refusal(drills), "drill d-1 runs there already");
  for (let at = 2; at <= 8; at++) yard.begin({ backend: `b${at}` });
  assertEquals(refusal(drills, { backend: "b9" }), "8 drills run already");
  clock.advance(1_000);
  for (let at = 0; at < 40; at++) {
    yard.begin();
    clock.advance(1_000);
  }
  const ids = Array.from({ length: 48 }, (_, at) => `d-${at + 1}`);
  assertEquals(ids.filter((id) => drills.report(id) !== undefined), ids.slice(-32));
});

Deno.test("a connection is disturbed as long as the drill runs, and counts as gone when its socket is released", () => {
  const yard = new Yard();
  const events = new FakeEvents();
  const leg = yard.begin().disturb(STEVE, new FakeLeg(), events);
  leg.bytes(Uint8Array.of(1));
  yard.clock.advance(999);
  assertEquals(events.told, []);
  yard.clock.advance(1);
  assertEquals(events.told, ["bytes 1"]);
  const { silenceMs } = yard.drills.report("d-1")?.seen[0] ?? {};
  assertEquals(silenceMs, 1_000);
  leg.gone();
  assertEquals(events.told, ["bytes 1", "gone"]);
});

Deno.test("what a fault does at once is not done within the call that begins the drill", () => {
  const yard = new Yard();
  const events = new FakeEvents();
  yard.begin({ fault: { kind: "death" } }).disturb(STEVE, new FakeLeg(), events);
  assertEquals(events.told, []);
  yard.clock.advance(0);
  assertEquals(events.told, ["ended"]);
});

Deno.test("each connection gets garbage of its own, and a seed repeats all of it", () => {
  const noises = [3, 3].map((seed) => {
    const yard = new Yard();
    const drill = yard.begin({ fault: { kind: "garbage", seed } });
    const both = [new FakeEvents(), new FakeEvents()];
    for (const events of both) drill.disturb(STEVE, new FakeLeg(), events);
    yard.clock.advance(0);
    const [first, second] = both.map(({ told }) => told.join());
    assert(first !== second);
    return [first, second];
  });
  assertEquals(noises[0], noises[1]);
});

const refusals: readonly { readonly fault: Fault; readonly cause: string }[] = [
  { fault: { kind: "death" }, cause: "connection refused by a drill" },
  { fault: { kind: "reset" }, cause: "connection reset by a drill" },
];

for (const { fault, cause } of refusals) {
  Deno.test(`${fault.kind}: a dial fails as long as the drill runs`, async () => {
    const drill = new Yard().begin({ fault });
    await assertRejects(() => drill.dial(STEVE, NEVER), Error, cause);
  });
}

for (const kind of ["delay", "stall", "garbage"] as const) {
  Deno.test(`${kind}: a dial goes ahead`, async () => {
    const drill = new Yard().begin({ fault: { kind, ms: 1, seed: 1 } });
    await drill.dial(STEVE, NEVER);
  });
}

Deno.test("half-open: nobody answers a dial before it is given up, or the drill is over", async () => {
  const yard = new Yard();
  const drill = yard.begin({ fault: { kind: "half-open" } });
  const patience = new AbortController();
  const impatient = drill.dial(STEVE, patience.signal);
  const patient = drill.dial(STEVE, NEVER);
  patience.abort();
  await assertRejects(() => impatient, Error, "nobody answered");
  yard.clock.advance(1_000);
  await assertRejects(() => patient, Error, "nobody answered");
});

Deno.test("players who are between two places are watched beyond the end, but not for ever", () => {
  const yard = new Yard();
  const { drills, clock } = yard;
  for (const end of ["joined", "never"]) {
    const drill = yard.begin({ forMs: 100 });
    drill.disturb(STEVE, new FakeLeg(), new FakeEvents());
    drills.event("A1", LOST);
    clock.advance(100);
    assertEquals(drill.state, "settling");
    if (end === "joined") drills.event("A1", { kind: "joined", backend: "arena" });
    else clock.advance(2_000);
    assertEquals([drill.state, drill.report().seen[0]?.outcome.kind], [
      "over",
      end === "joined" ? "playing" : "adrift",
    ]);
  }
  assertEquals(clock.pending, 0);
});

Deno.test("newcomers are watched beyond the end until they are somewhere or wait", () => {
  for (const fate of [{ kind: "joined", backend: "hub" }, { kind: "waiting", cause: "hub is down" }] as const) {
    const yard = new Yard();
    const { drills, clock } = yard;
    const drill = yard.begin();
    drill.disturb(ALEX, new FakeLeg(), new FakeEvents());
    clock.advance(1_000);
    assertEquals([drill.state, drill.report().seen[0]?.outcome], ["settling", { kind: "adrift" }]);
    drills.event("A2", { kind: "refused", backend: "hub", cause: "no", kicked: false });
    assertEquals(drill.state, "settling");
    drills.event("A2", fate);
    assertEquals(drill.state, "over");
    assert(drill.report().seen[0]?.outcome.kind !== "adrift");
  }
});

Deno.test("half-open: a newcomer's silence counts from the dial until it is given up", async () => {
  const yard = new Yard();
  const drill = yard.begin({ fault: { kind: "half-open" } });
  const silence = (): number | undefined => drill.report().seen[0]?.silenceMs;
  const patience = new AbortController();
  const dial = drill.dial(ALEX, patience.signal);
  yard.clock.advance(400);
  assertEquals(silence(), 400);
  patience.abort();
  await assertRejects(() => dial, Error, "nobody answered");
  yard.clock.advance(300);
  assertEquals(silence(), 400);
});

Deno.test("what happens after a drill is over is no part of it", () => {
  const yard = new Yard();
  const drill = yard.begin();
  drill.disturb(STEVE, new FakeLeg(), new FakeEvents());
  yard.clock.advance(1_500);
  yard.drills.event("A1", LOST);
  const { ms, seen } = drill.report();
  assertEquals([ms, seen[0]?.steps, seen[0]?.outcome], [1_000, [], { kind: "unaffected" }]);
});

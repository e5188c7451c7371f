import { DisturbedLeg } from "../../lib/drill/disturbed_leg.ts";
import type { Fault } from "../../lib/drill/fault.ts";
import { assert, assertEquals, assertNotEquals } from "../harness/assert.ts";
import { FakeClock } from "../routing/fake_clock.ts";
import { FakeEvents, FakeLeg } from "./fake_leg.ts";

/** A leg that suffers a fault, and both its sides. */
class Scene {
  readonly clock = new FakeClock();
  readonly events = new FakeEvents();
  readonly leg = new FakeLeg();
  readonly disturbed: DisturbedLeg;
  heard = 0;
  isGone = false;

  constructor(fault: Fault) {
    this.disturbed = new DisturbedLeg(this.leg, this.events, {
      fault,
      clock: this.clock,
      heard: () => this.heard++,
      gone: () => this.isGone = true,
    });
  }

  /** The backend says something, in a buffer that it uses again at once unless the leg is held. */
  receive(...bytes: readonly number[]): void {
    const chunk = Uint8Array.from(bytes);
    this.disturbed.bytes(chunk);
    if (!this.leg.isHeld) chunk.fill(0);
  }

  /** The driver says something, in a buffer of its own that it uses again. */
  send(...bytes: readonly number[]): void {
    const chunk = Uint8Array.from(bytes);
    this.disturbed.write(chunk, true);
    this.disturbed.flush();
    chunk.fill(0);
  }
}

Deno.test("delay: bytes of both directions come later, in order, and so does the end", () => {
  const scene = new Scene({ kind: "delay", ms: 100 });
  const { clock, events, leg, disturbed } = scene;
  scene.receive(1);
  scene.send(9);
  clock.advance(60);
  scene.receive(2);
  disturbed.ended();
  assertEquals([events.told, leg.deeds, disturbed.pending], [[], [], 1]);
  clock.advance(40);
  assertEquals([events.told, leg.deeds, disturbed.pending], [["bytes 1"], ["write 9"], 0]);
  clock.advance(60);
  assertEquals(events.told, ["bytes 1", "bytes 2", "ended"]);
});

Deno.test("delay: a connection closes behind what was written to it", () => {
  const scene = new Scene({ kind: "delay", ms: 100 });
  scene.send(9);
  scene.disturbed.close();
  assert(scene.disturbed.closing);
  scene.receive(1);
  scene.clock.advance(100);
  assertEquals([scene.leg.deeds, scene.events.told], [["write 9", "close"], []]);
  scene.disturbed.gone();
  assertEquals([scene.events.told, scene.isGone], [["gone"], true]);
});

Deno.test("delay: what was kept back goes on at once when the drill is over, and what comes then is not kept", () => {
  const scene = new Scene({ kind: "delay", ms: 1_000 });
  scene.receive(1);
  scene.send(8);
  scene.disturbed.relieve();
  scene.receive(2);
  scene.send(9);
  assertEquals([scene.events.told, scene.leg.deeds], [["bytes 1", "bytes 2"], ["write 8", "write 9"]]);
  assertEquals(scene.clock.pending, 0);
});

Deno.test("a driver that wants no more gets no more, until it does again, and nothing is lost or told within its calls", () => {
  const scene = new Scene({ kind: "delay", ms: 100 });
  const { clock, events, leg, disturbed } = scene;
  events.onBytes = () => disturbed.hold();
  scene.receive(1);
  scene.receive(2);
  clock.advance(100);
  assertEquals([events.told, leg.isHeld], [["bytes 1"], true]);
  disturbed.relieve();
  scene.receive(3);
  assertEquals(events.told, ["bytes 1"]);
  events.onBytes = () => {};
  disturbed.resume();
  assertEquals(events.told, ["bytes 1"]);
  clock.advance(0);
  assertEquals([events.told, leg.isHeld], [["bytes 1", "bytes 2", "bytes 3"], false]);
});

Deno.test("delay: a backend that sends more than may be kept is not read for a while", () => {
  const scene = new Scene({ kind: "delay", ms: 100 });
  scene.disturbed.bytes(new Uint8Array(1 << 20));
  assertEquals(scene.leg.isHeld, false);
  scene.disturbed.bytes(new Uint8Array(1));
  assertEquals(scene.leg.isHeld, true);
  scene.clock.advance(100);
  assertEquals(scene.leg.isHeld, false);
});

Deno.test("stall: nothing goes on in either direction, and everything when it is over", () => {
  const scene = new Scene({ kind: "stall" });
  const { clock, events, leg, disturbed } = scene;
  disturbed.start();
  assert(leg.isHeld);
  scene.receive(1);
  scene.send(9);
  disturbed.finish();
  clock.advance(3_600_000);
  disturbed.resume();
  assertEquals([events.told, leg.deeds, disturbed.pending, leg.isHeld], [[], ["start"], 1, true]);
  disturbed.relieve();
  assertEquals([events.told, leg.deeds, leg.isHeld], [["bytes 1"], ["start", "write 9", "finish"], false]);
});

Deno.test("stall: a connection that is closed is closed at once, without what it held", () => {
  const scene = new Scene({ kind: "stall" });
  scene.receive(1);
  scene.send(9);
  scene.disturbed.close();
  assertEquals([scene.leg.deeds, scene.leg.isHeld, scene.disturbed.pending], [["close"], false, 0]);
  scene.disturbed.relieve();
  assertEquals(scene.events.told, []);
});

Deno.test("half-open: what is sent is swallowed, nothing comes, and it breaks off when the drill is over", () => {
  const scene = new Scene({ kind: "half-open" });
  scene.receive(1);
  scene.disturbed.ended();
  scene.send(8, 9);
  assertEquals([scene.events.told, scene.leg.deeds], [[], []]);
  assertEquals([scene.disturbed.pending, scene.disturbed.written], [0, 2]);
  scene.disturbed.relieve();
  assertEquals(scene.events.told, ["failed: connection reset at the end of a drill"]);
  scene.disturbed.abort();
  assertEquals(scene.leg.deeds, ["abort"]);
});

Deno.test("reset: the connection breaks off, and nothing is told of it afterwards but that it is gone", () => {
  const scene = new Scene({ kind: "reset" });
  scene.receive(1);
  scene.disturbed.strike();
  scene.receive(2);
  scene.send(9);
  scene.disturbed.failed("broken pipe");
  scene.disturbed.abort();
  scene.disturbed.gone();
  assertEquals(scene.events.told, ["bytes 1", "failed: connection reset by a drill", "gone"]);
  assertEquals(scene.leg.deeds, ["abort"]);
});

Deno.test("death: the backend ends the connection, which is closed as any other", () => {
  const scene = new Scene({ kind: "death" });
  scene.disturbed.strike();
  scene.send(9);
  scene.disturbed.close();
  assertEquals([scene.events.told, scene.leg.deeds], [["ended"], ["close"]]);
});

Deno.test("garbage: random bytes come first and in place of those of the backend, and a seed repeats them", () => {
  const told = [5, 5, 6].map((seed) => {
    const scene = new Scene({ kind: "garbage", seed });
    scene.disturbed.strike();
    scene.receive(1, 2, 3);
    scene.send(9);
    assertEquals(scene.leg.deeds, ["write 9"]);
    assertEquals(scene.heard, 2);
    assertEquals(scene.events.told.map((line) => line.split(" ").length - 1), [4096, 3]);
    return scene.events.told.join();
  });
  assertEquals(told[0], told[1]);
  assertNotEquals(told[0], told[2]);
});

Deno.test("a leg stays held that its driver held before it was disturbed", () => {
  for (const fault of [{ kind: "delay", ms: 1 }, { kind: "stall" }] as const) {
    const leg = new FakeLeg();
    leg.hold();
    const options = { fault, clock: new FakeClock(), heard: () => {}, gone: () => {} };
    const disturbed = new DisturbedLeg(leg, new FakeEvents(), options);
    assert(leg.isHeld);
    disturbed.hold();
    disturbed.relieve();
    assert(leg.isHeld);
    disturbed.resume();
    assert(!leg.isHeld);
  }
});

Deno.test("a leg goes to another process when nothing disturbs it any more, and not before", () => {
  for (const fault of [{ kind: "delay", ms: 100 }, { kind: "stall" }, { kind: "garbage", seed: 1 }] as const) {
    const scene = new Scene(fault);
    const { disturbed, events } = scene;
    assertEquals(disturbed.suspend(), undefined);
    scene.receive(1);
    disturbed.hold();
    disturbed.relieve();
    assertEquals(disturbed.suspend() === undefined, fault.kind !== "garbage");
    disturbed.resume();
    scene.clock.advance(0);
    assertEquals([disturbed.suspend()?.descriptor, events.told.length], [3, 1]);
  }
  const cut = new Scene({ kind: "half-open" });
  cut.disturbed.relieve();
  assertEquals(cut.disturbed.suspend(), undefined);
});

Deno.test("garbage: the backend's own bytes come again when the drill is over", () => {
  const scene = new Scene({ kind: "garbage", seed: 5 });
  scene.disturbed.relieve();
  scene.receive(1, 2, 3);
  assertEquals(scene.events.told, ["bytes 1 2 3"]);
});

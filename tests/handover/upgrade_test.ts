import type { HandoverChannel } from "../../lib/handover/channel.ts";
import { Conversation, HandoverError } from "../../lib/handover/conversation.ts";
import type { Frozen } from "../../lib/handover/giving.ts";
import type { Handed } from "../../lib/handover/heir.ts";
import { refuse } from "../../lib/handover/refusing.ts";
import { encodeMessage, type Message } from "../../lib/handover/messages.ts";
import type { Successor } from "../../lib/handover/successor.ts";
import { takeOver, takeRest } from "../../lib/handover/taking.ts";
import { type HandoverDoor, Upgrade, type UpgradeOptions, type UpgradeOutcome } from "../../lib/handover/upgrade.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { FakeGiver, FakeTaker } from "./actors.ts";
import { traveller } from "./travellers.ts";
import { MemoryChannel } from "./memory_channel.ts";

const WHO = { release: "0.2.0", states: [1] };
const SOON = (): AbortSignal => AbortSignal.timeout(5_000);

/** A new process, of which the old one has one end. */
class Newcomer implements Successor {
  readonly pid = 4711;
  readonly ending = Promise.withResolvers<string>();
  readonly ended = this.ending.promise;
  readonly killed: (number | undefined)[] = [];
  readonly own: MemoryChannel;
  readonly others: MemoryChannel;

  constructor() {
    [this.own, this.others] = MemoryChannel.pair();
  }

  /** Ends, as a process does by itself. */
  end(words: string): void {
    this.own.close();
    this.ending.resolve(words);
  }

  kill(pid: number | undefined): void {
    this.killed.push(pid);
    this.end("it was killed");
  }
}

class FakeDoor implements HandoverDoor {
  readonly path = "door";
  isOpen = true;
  readonly #come: Promise<HandoverChannel>;

  constructor(come: Promise<HandoverChannel>) {
    this.#come = come;
  }

  async accept(signal: AbortSignal): Promise<HandoverChannel> {
    const { promise: given, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return await Promise.race([this.#come, given]);
  }

  [Symbol.dispose](): void {
    this.isOpen = false;
  }
}

function upgradeWith(options: Omit<UpgradeOptions, "signal">): Promise<UpgradeOutcome> {
  return new Upgrade({ signal: new AbortController().signal, ...options }).run();
}

/** Upgrades to `newcomer`, which comes to the door at once. */
async function upgradeTo(
  newcomer: Newcomer,
  giver: FakeGiver,
  options: Partial<UpgradeOptions> = {},
): Promise<UpgradeOutcome> {
  const door = new FakeDoor(Promise.resolve(newcomer.others));
  const outcome = await upgradeWith({ giver, openDoor: () => door, start: () => newcomer, ...options });
  assert(!door.isOpen, "the door is left open");
  return outcome;
}

/** What the new process says, one message after each that it hears. */
async function recite({ own }: Newcomer, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    await own.send({ bytes: encodeMessage(message), descriptors: [] }, SOON());
    await own.receive(SOON());
  }
}

function withoutTime({ count, refused }: Handed): Omit<Handed, "ms"> {
  return { count, refused };
}

function whyRefused(outcome: UpgradeOutcome): string {
  return outcome.kind === "refused" ? outcome.why : "it was done";
}

const HELLO: Message = { kind: "hello", version: 2, release: "0.2.0", states: [1], pid: 4712 };

Deno.test("everything goes over: listeners, what is known, and all sessions with their descriptors", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann", "Bob"]), new FakeTaker(), new Newcomer()];
  giver.practice = ["Ann", "Bob", "Ann"];
  const taking = takeOver(new Conversation(newcomer.own), taker, WHO);
  const outcome = await upgradeTo(newcomer, giver);
  await taking;
  assert(outcome.kind === "done");
  assertEquals(withoutTime(outcome.handed), { count: 2, refused: [] });
  assertEquals(outcome.heir.pid, Deno.pid);
  assertEquals(taker.inherited, giver.estate);
  assertEquals(taker.rehearsed, ["Ann", "Bob", "Ann"]);
  assertEquals(taker.adopted.map(({ passport }) => passport.player), ["Ann", "Bob"]);
  assertEquals(taker.descriptors, [100, 101]);
  assertEquals(giver.calls, ["freeze Ann,Bob", "release, keep "]);
  assertEquals(taker.calls, ["begin"]);
  assertEquals(newcomer.killed, []);
});

Deno.test("a session that the new process will not have stays, and why is told", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann", "Bob"]), new FakeTaker(), new Newcomer()];
  taker.unwanted = ["Bob"];
  giver.staying = ["Cid"];
  const taking = takeOver(new Conversation(newcomer.own), taker, WHO);
  const outcome = await upgradeTo(newcomer, giver);
  await taking;
  assert(outcome.kind === "done");
  assertEquals(withoutTime(outcome.handed), { count: 1, refused: [{ session: "IDBob", why: "not that one" }] });
  assertEquals(giver.calls, ["freeze Ann,Bob", "release, keep IDBob"]);
  assertEquals(taker.calls, ["begin Bob Cid"]);
});

Deno.test("sessions that could not go at once go later, until there are no more", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann"]), new FakeTaker(), new Newcomer()];
  const conversation = new Conversation(newcomer.own);
  const taking = takeOver(conversation, taker, WHO).then(() => takeRest(conversation, taker, SOON()));
  const outcome = await upgradeTo(newcomer, giver);
  assert(outcome.kind === "done");
  giver.ready = ["Bob"];
  assertEquals(withoutTime(await outcome.heir.hand(giver.freeze())), { count: 1, refused: [] });
  outcome.heir[Symbol.dispose]();
  await taking;
  assertEquals(taker.adopted.map(({ passport }) => passport.player), ["Ann", "Bob"]);
  assertEquals(taker.calls, ["begin", "begin"]);
});

Deno.test("sessions that go together keep to their own descriptors, however many have to share a message", async () => {
  const players = Array.from({ length: 40 }, (_, number) => `P${number}`);
  const [giver, taker, newcomer] = [new FakeGiver(players), new FakeTaker(), new Newcomer()];
  const taking = takeOver(new Conversation(newcomer.own), taker, WHO);
  const outcome = await upgradeTo(newcomer, giver);
  await taking;
  assert(outcome.kind === "done");
  assertEquals(withoutTime(outcome.handed), { count: 40, refused: [] });
  assertEquals(taker.adopted.map(({ passport }) => passport.player), players);
  assertEquals(taker.descriptors, players.map((_, index) => 100 + index));
});

Deno.test("sessions with fewer or more descriptors than connections are not taken over", async () => {
  for (const descriptors of [[100], [100, 101, 102]]) {
    const [newcomer, taker] = [new Newcomer(), new FakeTaker()];
    const giver = new Conversation(newcomer.others);
    await giver.say({ kind: "sessions", sessions: [traveller("Ann"), traveller("Bob")] }, SOON(), descriptors);
    const error = await assertRejects(() => takeRest(new Conversation(newcomer.own), taker, SOON()), HandoverError);
    assertStringIncludes(error.message, `${descriptors.length} descriptors came for 2 connections`);
    assertEquals(taker.adopted.length, 0);
    assertEquals(newcomer.own.discarded, descriptors);
    assertEquals(taker.calls, ["abandon"]);
  }
});

Deno.test("descriptors that come with anything but sessions are closed", async () => {
  const strangers: readonly (readonly [Uint8Array, string])[] = [
    [new TextEncoder().encode("nonsense"), "Cannot understand"],
    [encodeMessage({ kind: "ready" }), "says ready"],
    [encodeMessage({ kind: "given", listeners: [], backends: [] }), "says given"],
    [encodeMessage({ kind: "handed", sessions: 1, staying: [] }), "says handed"],
  ];
  for (const [bytes, why] of strangers) {
    const [newcomer, taker] = [new Newcomer(), new FakeTaker()];
    await newcomer.others.send({ bytes, descriptors: [100, 101] }, SOON());
    await assertRejects(() => takeRest(new Conversation(newcomer.own), taker, SOON()), HandoverError, why);
    assertEquals(newcomer.own.discarded, [100, 101], why);
    assertEquals(taker.calls, ["abandon"]);
  }
});

Deno.test("descriptors that come where another message should are closed", async () => {
  const [newcomer, taker] = [new Newcomer(), new FakeTaker()];
  const giver = new Conversation(newcomer.others);
  await giver.say({ kind: "sessions", sessions: [traveller("Ann")] }, SOON(), [100]);
  await assertRejects(() => takeOver(new Conversation(newcomer.own), taker, WHO), HandoverError, "should say given");
  assertEquals(newcomer.own.discarded, [100]);
});

Deno.test("listeners of an upgrade that breaks off before they are inherited are closed", async () => {
  const main = { name: "main", bind: { host: "127.0.0.1", port: 25_565 } };
  for (
    const [descriptors, next, why] of [
      [[7, 8], { kind: "samples", sessions: [] }, "2 descriptors came for 1 listeners"],
      [[7], { kind: "commit" }, "should say samples"],
    ] as const
  ) {
    const [newcomer, taker] = [new Newcomer(), new FakeTaker()];
    const giver = new Conversation(newcomer.others);
    await giver.say({ kind: "given", listeners: [main], backends: [] }, SOON(), descriptors);
    await giver.say(next, SOON());
    await assertRejects(() => takeOver(new Conversation(newcomer.own), taker, WHO), HandoverError, why);
    assertEquals(newcomer.own.discarded, [...descriptors]);
    assertEquals(taker.inherited, undefined);
  }
});

Deno.test("an edge that cannot give starts no process", async () => {
  const giver = new FakeGiver(["Ann"]);
  giver.obstacle = "Cannot upgrade: the edge is draining";
  const outcome = await upgradeWith({
    giver,
    openDoor: () => new FakeDoor(new Promise(() => {})),
    start: () => {
      throw new Error("started");
    },
  });
  assertEquals(outcome, { kind: "refused", why: "Cannot upgrade: the edge is draining" });
  assertEquals(giver.calls, []);
});

Deno.test("a program that cannot be started costs nothing", async () => {
  const giver = new FakeGiver(["Ann"]);
  const outcome = await upgradeTo(new Newcomer(), giver, {
    start: () => {
      throw new Deno.errors.NotFound("there is no such file");
    },
  });
  assertStringIncludes(whyRefused(outcome), "there is no such file");
  assertEquals(giver.calls, []);
});

Deno.test("a new process that ends before it comes is told about", async () => {
  const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
  const door = new FakeDoor(new Promise(() => {}));
  const running = upgradeWith({ giver, openDoor: () => door, start: () => newcomer });
  newcomer.end("the new process ended with code 1");
  assertEquals(whyRefused(await running), "the new process ended with code 1");
  assertEquals(giver.calls, []);
});

Deno.test("a new process that never comes is ended when its time is over", async () => {
  const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
  const door = new FakeDoor(new Promise(() => {}));
  const outcome = await upgradeWith({ giver, openDoor: () => door, start: () => newcomer, startMs: 20 });
  assertEquals(whyRefused(outcome), "the new process was not ready within 0.02 s");
  assertEquals(newcomer.killed, [undefined]);
});

Deno.test("an upgrade that is given up ends the new process, and nothing has stopped", async () => {
  const [giver, newcomer, end] = [new FakeGiver(["Ann"]), new Newcomer(), new AbortController()];
  const running = new Upgrade({
    giver,
    openDoor: () => new FakeDoor(Promise.resolve(newcomer.others)),
    start: () => newcomer,
    signal: end.signal,
  }).run();
  end.abort(new Error("the edge is stopping"));
  assertEquals(whyRefused(await running), "the edge is stopping");
  assertEquals(newcomer.killed, [undefined]);
  assertEquals(giver.calls, []);
});

Deno.test("a new process that refuses says why", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann"]), new FakeTaker(), new Newcomer()];
  taker.fault = "Cannot bind listener 'more' to 127.0.0.1:80: permission denied";
  const conversation = new Conversation(newcomer.own);
  const taking = assertRejects(() => takeOver(conversation, taker, WHO), Error, "Cannot bind")
    .then(({ message }) => refuse(conversation, { why: message }));
  const outcome = await upgradeTo(newcomer, giver);
  await taking;
  assertEquals(outcome, { kind: "refused", why: taker.fault });
  assertEquals(giver.calls, []);
});

Deno.test("a new process whose configuration is to blame says what is wrong with it, instead of anything else", async () => {
  const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
  const problems = ["kurafuto.toml:1: edge: bad", "x".repeat(5_000), ...Array.from({ length: 200 }, () => "more")];
  await refuse(new Conversation(newcomer.own), { why: problems.join("\n"), problems });
  newcomer.ending.resolve("the new process ended with code 78");
  const outcome = await upgradeTo(newcomer, giver);
  assertEquals(outcome, {
    kind: "refused",
    why: "the new process refuses its configuration",
    problems: ["kurafuto.toml:1: edge: bad", "x".repeat(4_096), ...Array.from({ length: 98 }, () => "more")],
  });
  assertEquals(giver.calls, []);
});

Deno.test("whoever refuses does not mind that the other process has gone", async () => {
  const newcomer = new Newcomer();
  newcomer.others.close();
  await refuse(new Conversation(newcomer.own), { why: "no" });
});

Deno.test("releases that do not understand each other say that they do not", async () => {
  for (
    const [hello, why] of [
      [{ ...HELLO, version: 3 }, "release 0.2.0 hands over in version 3, this one in 2"],
      [{ ...HELLO, states: [2, 3] }, "release 0.2.0 does not know version 1 of what sessions write down, only 2,3"],
    ] as const
  ) {
    const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
    const reciting = recite(newcomer, [hello]);
    assertEquals(whyRefused(await upgradeTo(newcomer, giver)), why);
    await reciting;
    assertEquals(newcomer.killed, [undefined]);
    assertEquals(giver.calls, []);
  }
});

Deno.test("a new process that talks nonsense is ended", async () => {
  const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
  await newcomer.own.send({ bytes: new Uint8Array([9, 9, 9, 9, 9]), descriptors: [] }, SOON());
  assertStringIncludes(whyRefused(await upgradeTo(newcomer, giver)), "Cannot understand");
  assertEquals(newcomer.killed, [undefined]);
});

const STEPS = ["hello", "ready", "adopted", "running"] as const;
for (const [index, step] of STEPS.entries()) {
  Deno.test(`a new process that dies instead of saying ${step} leaves everybody where they are`, async () => {
    const [giver, taker, newcomer] = [new FakeGiver(["Ann", "Bob"]), new FakeTaker(), new Newcomer()];
    newcomer.own.lastsFor = index;
    const taking = assertRejects(() => takeOver(new Conversation(newcomer.own), taker, WHO), HandoverError)
      .then(() => newcomer.end("the new process was ended by SIGSEGV"));
    const outcome = await upgradeTo(newcomer, giver);
    await taking;
    assertEquals(whyRefused(outcome), "the new process was ended by SIGSEGV");
    assertEquals(giver.calls, index < 2 ? [] : ["freeze Ann,Bob", "thaw"]);
    assertEquals(taker.calls.includes("begin"), false);
    assertEquals(giver.ready, ["Ann", "Bob"]);
  });
}

Deno.test("a new process that hangs with everybody's sessions is ended before anybody goes on here", async () => {
  const [giver, newcomer] = [new FakeGiver(["Ann"]), new Newcomer()];
  const reciting = recite(newcomer, [HELLO, { kind: "ready" }]);
  const outcome = await upgradeTo(newcomer, giver, { takeMs: 30 });
  await reciting;
  assertEquals(whyRefused(outcome), "the new process did not take over within 0.03 s");
  assertEquals(newcomer.killed, [4712]);
  assertEquals(giver.calls, ["freeze Ann", "thaw"]);
});

Deno.test("an old process that dies before the commit leaves the new one with nothing", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann"]), new FakeTaker(), new Newcomer()];
  // It says what there is and that there are no samples, sends one session, says that this was all, and then nothing more.
  newcomer.others.lastsFor = 4;
  const taking = assertRejects(() => takeOver(new Conversation(newcomer.own), taker, WHO), HandoverError, "has gone");
  await upgradeTo(newcomer, giver);
  await taking;
  assertEquals(taker.calls, ["abandon"]);
});

Deno.test("later sessions stay where the new process has gone meanwhile", async () => {
  const [giver, taker, newcomer] = [new FakeGiver(["Ann"]), new FakeTaker(), new Newcomer()];
  const taking = takeOver(new Conversation(newcomer.own), taker, WHO);
  const outcome = await upgradeTo(newcomer, giver);
  await taking;
  assert(outcome.kind === "done");
  newcomer.own.close();
  giver.ready = ["Bob"];
  const frozen: Frozen = giver.freeze();
  await assertRejects(() => outcome.heir.hand(frozen), HandoverError);
  assertEquals(giver.ready, ["Bob"]);
  assertEquals(newcomer.killed, []);
});

Deno.test("a process that says nothing any more is not waited for, and what it had begun to give stays its own", async () => {
  const [newcomer, taker] = [new Newcomer(), new FakeTaker()];
  const giver = new Conversation(newcomer.others);
  await giver.say({ kind: "sessions", sessions: [traveller("Ann")] }, SOON(), [100]);
  const error = await assertRejects(() => takeRest(new Conversation(newcomer.own), taker, SOON(), 50));
  assert(error instanceof DOMException && error.name === "TimeoutError");
  assertEquals([taker.adopted.length, taker.calls], [1, ["abandon"]]);
});

import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { DEFAULT_LIMITS, type SessionEvent } from "../../lib/session/port.ts";
import { Session } from "../../lib/session/session.ts";
import { DisturbedLeg } from "../../lib/drill/disturbed_leg.ts";
import { machineClock } from "../../lib/clock.ts";
import { Beat } from "../../lib/transport/beat.ts";
import { DenoLeg } from "../../lib/transport/deno_leg.ts";
import { LONGEST_CLOSING_MS } from "../../lib/transport/closing_watch.ts";
import { CLOSING_MS, type Disturbance, type OpenLeg } from "../../lib/transport/leg.ts";
import { Nap } from "../../lib/transport/nap.ts";
import { SessionDriver } from "../../lib/transport/session_driver.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { FakeRoutes } from "../harness/fake_routes.ts";
import { Waits } from "../harness/waits.ts";
import { identification } from "../session/logins.ts";
import { FakeConn } from "./fake_conn.ts";

/** A connection whose peer says something when the test wants it to. */
class TalkingConn extends FakeConn {
  /** `undefined` is the end. */
  readonly #said: (Uint8Array | undefined)[] = [];
  readonly #writing = Promise.withResolvers<void>();
  #heard = Promise.withResolvers<void>();

  /** Resolves with the first write. */
  get writing(): Promise<void> {
    return this.#writing.promise;
  }

  override write(bytes: Uint8Array): Promise<number> {
    this.#writing.resolve();
    return super.write(bytes);
  }

  say(bytes: Uint8Array): void {
    this.#said.push(bytes);
    this.#heard.resolve();
  }

  end(): void {
    this.#said.push(undefined);
    this.#heard.resolve();
  }

  override async read(buffer?: Uint8Array): Promise<number | null> {
    while (this.#said.length === 0) {
      await Promise.race([this.#heard.promise, this.closed]);
      if (this.calls.includes("close")) return null;
      this.#heard = Promise.withResolvers();
    }
    const bytes = this.#said.shift();
    if (bytes === undefined) return null;
    buffer?.set(bytes);
    return bytes.length;
  }
}

const SOFT_LIMIT = 1 << 16;
/** A backend beside the one the session is on, and its leg. */
const OTHER = "other";
const OTHER_LEG = 2;

/** A raw session on fake sockets, with its events. */
class Stage {
  readonly client = new TalkingConn();
  readonly backend = new TalkingConn();
  readonly other = new TalkingConn();
  readonly events: SessionEvent[] = [];
  readonly driver: SessionDriver;
  readonly session: Session;
  /** What stands between the session and backends that are dialled from now on. */
  disturbance: Disturbance | undefined;
  /** Whose turn it is when a backend leg has ended. */
  turn: Promise<void> = Promise.resolve();
  readonly #waits = new Waits(() => `the session emitted ${this.events.map(({ kind }) => kind)}`);

  constructor(openLeg: OpenLeg = (conn, events, pace) => new DenoLeg(conn, events, pace)) {
    this.driver = new SessionDriver({
      openLeg,
      disturbance: () => this.disturbance,
      dial: (name) => Promise.resolve(name === OTHER ? this.other : this.backend),
      emit: (event) => {
        this.events.push(event);
        this.#waits.changed();
      },
      crashed: (error) => {
        throw error;
      },
      pace: { beat: new Beat(), nap: new Nap() },
      exit: { pass: () => this.turn },
      softLimit: SOFT_LIMIT,
      hardLimit: 1 << 20,
    });
    this.session = new Session(this.driver, {
      id: "TEST1",
      mode: "raw",
      appName: "Kurafuto",
      announced: ExtensionSet.EMPTY,
      welcome: { name: "My network", motd: "" },
      admit: (name) => ({ kind: "admitted", name }),
      tellsChat: () => false,
      keyFor: () => undefined,
      listDelivery: () => "at once",
      routes: new FakeRoutes(),
      redirect: { command: "/server", pluginChannel: 75 },
      limits: DEFAULT_LIMITS,
    });
    this.driver.start(this.session, this.client);
  }

  until(kind: SessionEvent["kind"]): Promise<SessionEvent> {
    return this.#waits.until(() => this.events.find((event) => event.kind === kind), `the event ${kind}`);
  }
}

/** A turn of the event loop, in which a write that the peer took is done. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a leg on which nothing waited for long is not stuck, however long it was idle", async () => {
  const stage = new Stage();
  stage.client.say(identification());
  await stage.backend.writing;
  await nextTurn();
  stage.driver.checkProgress();
  stage.driver.checkProgress();
  stage.client.hold();
  stage.backend.say(Uint8Array.of(1, 2, 3));
  await stage.client.writing;
  stage.driver.checkProgress();
  assert(!stage.events.some(({ kind }) => kind === "ended"));
  stage.session.end("shutdown", "the test is over");
  stage.driver.abort();
  await stage.until("ended");
});

Deno.test("a leg whose peer takes nothing between two looks is broken", async () => {
  const stage = new Stage();
  stage.client.say(identification());
  await stage.until("joined");
  stage.client.hold();
  stage.backend.say(Uint8Array.of(1, 2, 3));
  await stage.client.writing;
  stage.driver.checkProgress();
  stage.driver.checkProgress();
  const event = await stage.until("ended");
  assert(event.kind === "ended");
  assertEquals([event.summary.reason, event.summary.detail], ["client-reset", "the peer takes no more bytes"]);
});

/** A session in play that ends while its client has taken nothing of `bytes`, which the backend said. */
async function endStuck(bytes: Uint8Array = Uint8Array.of(1, 2, 3)): Promise<Stage> {
  const stage = new Stage();
  stage.client.say(identification());
  await stage.until("joined");
  stage.client.hold();
  stage.backend.say(bytes);
  await stage.client.writing;
  stage.driver.tell((session) => session.end("kicked", "by the test"));
  return stage;
}

Deno.test("a session that ends is over though its client takes nothing", async () => {
  const began = performance.now();
  const stage = await endStuck();
  const event = await stage.until("ended");
  assert(event.kind === "ended");
  assertEquals([event.summary.reason, stage.client.calls], ["kicked", ["close"]]);
  assert(performance.now() - began >= CLOSING_MS);
});

Deno.test("a client that takes what waits a little late still gets all of it", async () => {
  const stage = await endStuck();
  stage.client.release();
  await eventually(() => stage.client.calls.includes("closeWrite"), "the end of what the client is sent");
  assertEquals([...stage.client.taken], [1, 2, 3]);
  stage.driver.abort();
  await stage.until("ended");
});

Deno.test("a session in a hurry waits no longer for a client that goes on taking what waits", async () => {
  const stage = await endStuck(new Uint8Array(200));
  stage.client.takes = 1;
  const taking = setInterval(() => {
    stage.client.release();
    stage.client.hold();
  }, 100);
  const began = performance.now();
  stage.driver.hurry();
  await stage.until("ended");
  clearInterval(taking);
  const elapsed = performance.now() - began;
  assert(stage.client.taken.length > 0 && elapsed < LONGEST_CLOSING_MS, `over after ${elapsed} ms`);
});

Deno.test("what was read from a leg stays as it is until each of the others has written it", async () => {
  const stage = new Stage();
  stage.client.say(identification());
  await stage.until("joined");
  stage.driver.dial(OTHER_LEG, OTHER);
  await nextTurn();
  stage.client.hold();
  stage.driver.write(OTHER_LEG, new Uint8Array(SOFT_LIMIT + 1));
  stage.backend.say(Uint8Array.of(1, 2, 3));
  await stage.client.writing;
  await stage.other.writing;
  await nextTurn();
  stage.backend.say(Uint8Array.of(4, 5, 6));
  await nextTurn();
  stage.client.release();
  await nextTurn();
  assertEquals([...stage.client.taken], [1, 2, 3, 4, 5, 6]);
  stage.session.end("shutdown", "the test is over");
  stage.driver.abort();
  await stage.until("ended");
});

Deno.test("what a player says is not read while the end of their backend waits for its turn, and then it is", async () => {
  const stage = new Stage();
  const turn = Promise.withResolvers<void>();
  stage.turn = turn.promise;
  stage.client.say(identification());
  await stage.until("joined");
  await eventually(() => stage.backend.taken.length > 0, "a player's Identification");
  const before = stage.backend.taken.length;
  stage.backend.end();
  await nextTurn();
  stage.client.say(Uint8Array.of(1));
  for (let turns = 0; turns < 10; turns++) await nextTurn();
  assertEquals(stage.backend.taken.length, before);
  turn.resolve();
  await eventually(() => stage.backend.taken.length > before, "what was said meanwhile");
  stage.session.end("shutdown", "the test is over");
  stage.driver.abort();
  await stage.until("ended");
});

/** Stalls legs until the test relieves them. */
class Stalling {
  readonly legs: DisturbedLeg[] = [];

  readonly disturb: Disturbance = (leg, events) => {
    const options = { fault: { kind: "stall" }, clock: machineClock, heard: () => {}, gone: () => {} } as const;
    const disturbed = new DisturbedLeg(leg, events, options);
    this.legs.push(disturbed);
    return disturbed;
  };

  relieve(): void {
    for (const leg of this.legs) leg.relieve();
  }
}

for (const when of ["open", "dialled"] as const) {
  Deno.test(`what stands between the session and a leg that is ${when} keeps all back until it lets it through, and the leg closes`, async () => {
    const stage = new Stage();
    const stalling = new Stalling();
    if (when === "dialled") stage.disturbance = stalling.disturb;
    stage.client.say(identification());
    await stage.until("joined");
    if (when === "open") {
      await eventually(() => stage.backend.taken.length > 0, "a player's Identification");
      stage.driver.disturb("hub", stalling.disturb);
    }
    const before = stage.backend.taken.length;
    stage.backend.say(Uint8Array.of(1, 2, 3));
    stage.client.say(Uint8Array.of(4, 5));
    await eventually(() => stage.driver.pending === (when === "open" ? 0 : identification().length) + 2, "what waits");
    await nextTurn();
    assertEquals([stage.client.taken.length, stage.backend.taken.length], [0, before]);
    stalling.relieve();
    const isThrough = (): boolean =>
      stage.client.taken.join() === "1,2,3" && stage.backend.taken.slice(-2).join() === "4,5";
    await eventually(isThrough, "what was said");
    stage.session.end("shutdown", "the test is over");
    stage.driver.abort();
    await stage.until("ended");
  });
}

/** Legs that another process could go on with, as long as they are `fit`, and what was done with them. */
class Leaving {
  fit = (_leg: number): boolean => true;
  readonly deeds: string[] = [];
  #opened = 0;

  readonly open: OpenLeg = (conn, events, pace) => {
    const number = this.#opened++;
    const note = (deed: string): void => void this.deeds.push(`${deed} ${number}`);
    const suspended = {
      descriptor: 100 + number,
      websocket: number === 1,
      unsent: Uint8Array.of(number),
      resume: () => note("resume"),
      release: () => note("release"),
    };
    return Object.assign(new DenoLeg(conn, events, pace), {
      suspend: () => {
        if (!this.fit(number)) return undefined;
        note("suspend");
        return suspended;
      },
    });
  };
}

Deno.test("a driver whose legs no other process could have goes on with its session", async () => {
  const stage = new Stage();
  stage.client.say(identification());
  await stage.until("joined");
  assertEquals(stage.driver.suspend(), undefined);
  stage.backend.say(Uint8Array.of(1, 2, 3));
  await eventually(() => stage.client.taken.join() === "1,2,3", "what the backend said");
  stage.session.end("shutdown", "the test is over");
  stage.driver.abort();
  await stage.until("ended");
});

Deno.test("all legs of a driver stop, or none does", async () => {
  const leaving = new Leaving();
  leaving.fit = (leg) => leg === 0;
  const stage = new Stage(leaving.open);
  stage.client.say(identification());
  await stage.until("joined");
  assertEquals(stage.driver.suspend(), undefined);
  assertEquals(leaving.deeds, ["suspend 0", "resume 0"]);
  stage.driver.tell((session) => session.end("shutdown", "the test is over"));
  stage.driver.abort();
  await stage.until("ended");
});

Deno.test("a driver that has stopped feeds its session nothing, and goes on as before or is done", async () => {
  for (const end of ["resume", "release"] as const) {
    const leaving = new Leaving();
    const stage = new Stage(leaving.open);
    stage.client.say(identification());
    await stage.until("joined");
    const suspended = stage.driver.suspend();
    assertEquals(suspended?.legs, [
      { leg: 0, descriptor: 100, websocket: false, unsent: Uint8Array.of(0) },
      { leg: 1, descriptor: 101, websocket: true, unsent: Uint8Array.of(1) },
    ]);
    assertEquals(stage.driver.tell((session) => session.whereabouts), undefined);
    suspended?.[end]();
    assertEquals(leaving.deeds, ["suspend 0", "suspend 1", `${end} 0`, `${end} 1`]);
    const isFed = stage.driver.tell((session) => session.whereabouts.state);
    assertEquals(isFed, end === "resume" ? "playing" : undefined);
    stage.driver.tell((session) => session.end("shutdown", "the test is over"));
    stage.driver.abort();
    if (end === "resume") {
      await stage.until("ended");
    } else {
      assertEquals(stage.events.some(({ kind }) => kind === "ended"), false);
      stage.client.close();
      stage.backend.close();
    }
  }
});

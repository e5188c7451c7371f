/** Sessions that are carried over to other processes do all that they would have done where they were. */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { levelPackets } from "../../lib/protocol/level_packets.ts";
import type { SessionState } from "../../lib/session/state.ts";
import { encodeState } from "../../lib/session/state.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { type Random, seeded, splitAtRandom, splitEvery } from "../harness/chunks.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { frames, type Trace, traces } from "../harness/traces.ts";
import { TranscriptDriver } from "../harness/transcript_driver.ts";
import { concat, dialect, extensionList, identification, welcome } from "./logins.ts";
import { BACKENDS, Story } from "./story.ts";

const OPENING: readonly string[] = ["PlayerIdentification", "ExtInfo", "ExtEntry"];
const STORIES = 60;
const SEEDS = 10;
/** Bytes of a stream that come one by one where that is asked for. */
const SINGLE_BYTES = 3_000;

type Cut = (bytes: Uint8Array) => Uint8Array[];

/** Who stands in line does so anew in the other process, with a better chance than before. */
function isSettled({ stay }: SessionState): boolean {
  return stay.kind === "splice" || stay.move === undefined;
}

/** One session that stays where it is, and one that is carried over again and again; both are fed the same. */
class Twins {
  readonly staying: TranscriptDriver;
  readonly carried: TranscriptDriver;
  /** Moments at which the player plays, and those of them at which the session could be carried over. */
  playing = 0;
  carriedOver = 0;

  /** @param announced What the edge announces to the clients. */
  constructor(readonly announced: ExtensionSet) {
    const options = { announced };
    this.staying = new TranscriptDriver(options, BACKENDS);
    this.carried = new TranscriptDriver(options, BACKENDS);
  }

  /** Does the same to both. */
  both(act: (driver: MemoryDriver) => void): void {
    act(this.staying);
    act(this.carried);
  }

  /** Carries one over, if that is possible; what is known of both is the same then. */
  part(): void {
    const { state } = this.staying.session.whereabouts;
    const possible = this.carried.carryOver() !== undefined;
    if (state === "playing" && !this.staying.session.ended) {
      this.playing++;
      this.carriedOver += Number(possible);
    }
    const [left, right] = [this.staying, this.carried].map(({ session }) => session.writeDown());
    assertEquals(text(right), text(left));
    assertEquals(right !== undefined, possible);
  }

  /** Compares all that came out. */
  compare(): void {
    assertEquals(this.carried.transcript.length, this.staying.transcript.length);
    for (const [index, line] of this.staying.transcript.entries()) assertEquals(this.carried.transcript[index], line);
    assertEquals(this.carried.session.traffic, this.staying.session.traffic);
    assertEquals(this.carried.session.ended, this.staying.session.ended);
  }
}

function text(state: SessionState | undefined): string | undefined {
  return state === undefined ? undefined : new TextDecoder().decode(encodeState(state));
}

/** Plays a recording, each stream cut as told and the directions mixed at random, and then moves the player to another backend. */
function retell(trace: Trace, twins: Twins, random: Random, cut: Cut): void {
  const { dialect, listed, c2s } = trace;
  const from = openingSize(trace);
  twins.both((driver) => {
    driver.fromClient(c2s.subarray(0, from));
    driver.open();
  });
  // With more extensions than in the recording, the client would have said everything else in other shapes.
  const isAsRecorded = listed.intersect(twins.announced).key === dialect.extensions.key;
  const client = isAsRecorded ? cut(c2s.subarray(from)) : [];
  const server = cut(trace.s2c);
  while (client.length + server.length > 0) {
    const isClient = random.below(client.length + server.length) < client.length;
    const chunk = (isClient ? client : server).shift() ?? new Uint8Array(0);
    twins.both((driver) => {
      if (driver.session.ended) return;
      if (isClient) driver.fromClient(chunk);
      else driver.fromBackend(chunk);
      driver.advance(chunk.length % 3);
    });
    twins.part();
  }
  leaveFor("arena", twins, trace);
  twins.both((driver) => {
    driver.session.end("shutdown", "the end of the recording");
    driver.settle();
  });
}

/** Bytes of what a client says before anything that depends on the extensions. */
function openingSize(trace: Trace): number {
  return frames(trace, "c2s").find(({ packet }) => !OPENING.includes(packet.name))?.start ?? trace.c2s.length;
}

/** A move, with what was set on the old backend undone. */
function leaveFor(backend: string, twins: Twins, { dialect }: Trace): void {
  twins.both((driver) => {
    if (driver.session.ended) return;
    driver.session.move(backend);
    driver.open();
    const list = dialect.cpe ? extensionList(dialect.extensions) : new Uint8Array(0);
    driver.fromBackend(concat(list, welcome(dialect), Uint8Array.of(2, 0, 0, 0, 1).subarray(0, mapStartSize(dialect))));
    driver.advance(60_000);
    driver.settle();
  });
  twins.part();
}

function mapStartSize({ extensions }: Trace["dialect"]): number {
  return extensions.has("FastMap") ? 5 : 1;
}

function singleBytes(bytes: Uint8Array): Uint8Array[] {
  return [...splitEvery(bytes.subarray(0, SINGLE_BYTES), 1), bytes.subarray(SINGLE_BYTES)];
}

for (const trace of traces()) {
  for (const [whom, announced] of [["its own server", trace.announced], ["everything", ExtensionSet.ALL]] as const) {
    const common = announced.intersect(trace.listed);
    const mapsAreRewritten = common.has("FastMap") && !trace.dialect.extensions.has("FastMap");

    Deno.test(`${trace.name} with the extensions of ${whom} is carried over at every chunk and nobody notices`, () => {
      let [playing, carriedOver] = [0, 0];
      for (let seed = 0; seed <= SEEDS; seed++) {
        const twins = new Twins(announced);
        const random = seeded(seed);
        retell(trace, twins, random, seed === 0 ? singleBytes : (bytes) => splitAtRandom(bytes, random));
        twins.compare();
        playing += twins.playing;
        carriedOver += twins.carriedOver;
      }
      // The recorded maps are small and all beginning.
      if (mapsAreRewritten) assert(carriedOver > 0, "could never be carried over");
      else assertEquals(carriedOver, playing);
    });
  }
}

Deno.test("while a large map is rewritten its player is carried over wherever its beginning is not on the way", () => {
  const backend = dialect(ExtensionSet.ALL.without("FastMap"));
  for (let seed = 1; seed <= 3; seed++) {
    const random = seeded(seed);
    const blocks = Uint16Array.from({ length: 64 ** 3 }, () => random.below(seed === 1 ? 64 : 512));
    const map = concat(...levelPackets({ xSize: 64, ySize: 64, zSize: 64, blocks }, backend));
    const twins = new Twins(ExtensionSet.ALL);
    twins.both((driver) => {
      driver.fromClient(concat(identification(), extensionList(ExtensionSet.ALL)));
      driver.open();
      driver.fromBackend(concat(extensionList(backend.extensions), welcome(backend)));
    });
    for (const chunk of splitAtRandom(map, random)) {
      twins.both((driver) => driver.fromBackend(chunk));
      twins.part();
    }
    twins.compare();
    const { playing, carriedOver } = twins;
    assert(carriedOver > playing / 2, `could be carried over at ${carriedOver} of ${playing} moments`);
  }
});

Deno.test("sessions under random events, carried over whenever that is possible, go on just the same", () => {
  let moments = 0;
  for (let seed = 1; seed <= STORIES; seed++) {
    const staying = new TranscriptDriver({}, BACKENDS);
    const carried = new TranscriptDriver({}, BACKENDS);
    new Story(seeded(seed), staying).play();
    new Story(seeded(seed), carried).play(() => {
      if (carried.carryOver(isSettled) !== undefined) moments++;
    });
    assertEquals(carried.transcript, staying.transcript, `seed ${seed}`);
  }
  assert(moments > 50 * STORIES, `only ${moments} moments`);
});

Deno.test("sessions under random events, carried over even from the line and the waiting room, keep every promise", () => {
  for (let seed = 1; seed <= STORIES; seed++) {
    const driver = new MemoryDriver({}, BACKENDS);
    new Story(seeded(seed), driver).play(() => {
      driver.carryOver();
      driver.advance(0);
    });
  }
});

import { Histogram } from "../histogram.ts";
import type { Load } from "../load.ts";
import { type ClientKind, VANILLA } from "../login.ts";
import { StampedPosition, TICKS_PER_MILLISECOND } from "../position.ts";
import type { Scenario } from "../scenario.ts";
import { Sequences } from "../sequences.ts";
import type { Session, Traffic } from "../session.ts";

const PLAYERS = 50;
const WARM_UP = 1_000;
const DRAIN_DEADLINE = 3_000;
const BACKEND_READS = new StampedPosition("PlayerPosition", VANILLA);
const BACKEND_WRITES = new StampedPosition("PlayerTeleport", VANILLA);

/** Every player sends a position and waits until the backend has sent it back. */
export const PINGPONG: Scenario = {
  name: "pingpong",
  about: `${PLAYERS} players, each with one position on its way there and back at any time`,
  sessions: PLAYERS,
  metrics: [
    { name: "cpuPerMillion", unit: "CPU s/M packets", digits: 2, of: "peer" },
    { name: "perSecond", unit: "round trips/s", digits: 0, of: "path" },
    { name: "p50", unit: "ms p50", digits: 2, of: "path" },
    { name: "p99", unit: "ms p99", digits: 2, of: "path" },
  ],
  run: ({ load, meter, client, seconds }) => {
    const rally = new Rally(load, client);
    rally.start();
    load.pollFor(WARM_UP);
    rally.times.clear();
    meter.start();
    load.pollFor(seconds * 1_000);
    const usage = meter.stop();
    const trips = rally.times.count;
    const [p50, p99] = [rally.times.quantile(0.5), rally.times.quantile(0.99)];
    rally.finish();
    return {
      cpuPerMillion: usage.peer / (trips * 2) * 1e6,
      perSecond: trips / usage.seconds,
      p50: p50 / TICKS_PER_MILLISECOND,
      p99: p99 / TICKS_PER_MILLISECOND,
    };
  },
};

/** One packet on its way for each player. */
class Rally implements Traffic {
  /** Times of the round trips in steps of {@linkcode TICKS_PER_MILLISECOND}. */
  readonly times = new Histogram();

  readonly #load: Load;
  readonly #players: readonly Session[];
  readonly #clientReads: StampedPosition;
  readonly #clientWrites: StampedPosition;
  readonly #clientBytes: Uint8Array<ArrayBuffer>;
  readonly #clientView: DataView<ArrayBuffer>;
  readonly #backendBytes = BACKEND_WRITES.packets(1);
  readonly #backendView = new DataView(this.#backendBytes.buffer);
  readonly #trips = new Sequences(PLAYERS, 16);
  #over = false;

  constructor(load: Load, client: ClientKind) {
    this.#load = load;
    this.#players = load.open(PLAYERS, { client, traffic: this });
    const dialect = this.#players[0]?.dialect ?? VANILLA;
    this.#clientReads = new StampedPosition("PlayerTeleport", dialect);
    this.#clientWrites = new StampedPosition("PlayerPosition", dialect);
    this.#clientBytes = this.#clientWrites.packets(1);
    this.#clientView = new DataView(this.#clientBytes.buffer);
  }

  start(): void {
    for (const player of this.#players) this.#serve(player);
  }

  /** Lets the round trips come to their end. */
  finish(): void {
    this.#over = true;
    this.#load.pollUntil("end every round trip", DRAIN_DEADLINE, () => this.#trips.complete);
  }

  toBackend({ backend, index }: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    if (bytes.getUint8(at) !== BACKEND_READS.id) return false;
    BACKEND_WRITES.setPlayer(this.#backendView, 0, index);
    const [sequence, ticks] = [BACKEND_READS.sequence(bytes, at), BACKEND_READS.ticks(bytes, at)];
    BACKEND_WRITES.stamp(this.#backendView, 0, sequence, ticks);
    backend.write(this.#backendBytes);
    return true;
  }

  toClient(player: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    const form = this.#clientReads;
    if (bytes.getUint8(at) !== form.id) return false;
    this.#trips.receive(form.player(bytes, at), form.sequence(bytes, at));
    this.times.add(this.#load.clock.ticks() - form.ticks(bytes, at));
    if (!this.#over) this.#serve(player);
    return true;
  }

  #serve({ client, index }: Session): void {
    this.#clientWrites.stamp(this.#clientView, 0, this.#trips.send(index), this.#load.clock.ticks());
    client.write(this.#clientBytes);
  }
}

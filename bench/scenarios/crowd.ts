import { Histogram } from "../histogram.ts";
import type { Load } from "../load.ts";
import { type ClientKind, VANILLA } from "../login.ts";
import { StampedPosition, TICKS_PER_MILLISECOND } from "../position.ts";
import type { Scenario } from "../scenario.ts";
import { Sequences } from "../sequences.ts";
import type { Session, Traffic } from "../session.ts";

const PLAYERS = 1_000;
/** Milliseconds between two positions of a player: ClassiCube sends 20 a second. */
const TICK = 50;
const WARM_UP = 2_000;
const DRAIN_DEADLINE = 3_000;
const BACKEND_READS = new StampedPosition("PlayerPosition", VANILLA);
const BACKEND_WRITES = new StampedPosition("PlayerTeleport", VANILLA);

/** Many players at the pace of the game, far below what the peer could carry: what it adds to the time of each packet. */
export const CROWD: Scenario = {
  name: "crowd",
  about:
    `${PLAYERS} players send a position 20 times a second, evenly spread, the backend answers each at once; there and back`,
  sessions: PLAYERS,
  metrics: [
    { name: "p50", unit: "ms p50", digits: 2, of: "path" },
    { name: "p99", unit: "ms p99", digits: 2, of: "path" },
    { name: "p50", unit: "ms p50 added", digits: 2, of: "path", added: true },
    { name: "p99", unit: "ms p99 added", digits: 2, of: "path", added: true },
    { name: "cpuPerMillion", unit: "CPU s/M packets", digits: 2, of: "peer" },
  ],
  run: ({ load, meter, client, seconds }) => {
    const crowd = new Crowd(load, client);
    crowd.run(WARM_UP);
    crowd.times.clear();
    meter.start();
    crowd.run(seconds * 1_000);
    const usage = meter.stop();
    const trips = crowd.times.count;
    const [p50, p99] = [crowd.times.quantile(0.5), crowd.times.quantile(0.99)];
    crowd.drain();
    return {
      p50: p50 / TICKS_PER_MILLISECOND,
      p99: p99 / TICKS_PER_MILLISECOND,
      cpuPerMillion: usage.peer / (trips * 2) * 1e6,
    };
  },
};

/** Players in turn, each of whom sends a position that the backend sends back. */
class Crowd implements Traffic {
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
  #next = 0;

  constructor(load: Load, client: ClientKind) {
    this.#load = load;
    this.#players = load.open(PLAYERS, { client, traffic: this });
    const dialect = this.#players[0]?.dialect ?? VANILLA;
    this.#clientReads = new StampedPosition("PlayerTeleport", dialect);
    this.#clientWrites = new StampedPosition("PlayerPosition", dialect);
    this.#clientBytes = this.#clientWrites.packets(1);
    this.#clientView = new DataView(this.#clientBytes.buffer);
  }

  /** Lets the players move for `milliseconds`. Positions that come too late for their schedule are left out. */
  run(milliseconds: number): void {
    const pace = TICK / PLAYERS;
    const start = performance.now();
    let due = start;
    for (let now = start; now < start + milliseconds; now = performance.now()) {
      while (due <= now) {
        this.#move();
        due = Math.max(due + pace, now - TICK);
      }
      this.#load.poll(due - performance.now());
    }
  }

  /** Waits until every position is back. */
  drain(): void {
    this.#load.pollUntil("get every position", DRAIN_DEADLINE, () => this.#trips.complete);
  }

  toBackend({ backend, index }: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    if (bytes.getUint8(at) !== BACKEND_READS.id) return false;
    // Vanilla clients take ids from 128 on for themselves; whose position it is, the session tells.
    BACKEND_WRITES.setPlayer(this.#backendView, 0, index & 0x7f);
    BACKEND_WRITES.stamp(this.#backendView, 0, BACKEND_READS.sequence(bytes, at), BACKEND_READS.ticks(bytes, at));
    backend.write(this.#backendBytes);
    return true;
  }

  toClient({ index }: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    const form = this.#clientReads;
    if (bytes.getUint8(at) !== form.id) return false;
    this.#trips.receive(index, form.sequence(bytes, at));
    this.times.add(this.#load.clock.ticks() - form.ticks(bytes, at));
    return true;
  }

  /** The next player sends a position. */
  #move(): void {
    const player = this.#players[this.#next];
    if (player === undefined) return;
    this.#clientWrites.stamp(this.#clientView, 0, this.#trips.send(player.index), this.#load.clock.ticks());
    player.client.write(this.#clientBytes);
    this.#next = (this.#next + 1) % PLAYERS;
  }
}

/** Positions of players that the backend sends back to them at once, each numbered and timed. */
import { Histogram } from "../histogram.ts";
import type { Load } from "../load.ts";
import { type ClientKind, VANILLA } from "../login.ts";
import { StampedPosition } from "../position.ts";
import { Sequences } from "../sequences.ts";
import type { Session, Traffic } from "../session.ts";

/** Positions of one player that may be under way. */
const WINDOW = 16;
const DRAIN_DEADLINE = 3_000;
const BACKEND_READS = new StampedPosition("PlayerPosition", VANILLA);
const BACKEND_WRITES = new StampedPosition("PlayerTeleport", VANILLA);

/** See the file's first line. */
export class EchoedMoves implements Traffic {
  /** Times of the round trips in steps of `TICKS_PER_MILLISECOND`. */
  readonly times = new Histogram();
  readonly players: readonly Session[];
  readonly #load: Load;
  readonly #cameBack: (player: Session) => void;
  readonly #clientReads: StampedPosition;
  readonly #clientWrites: StampedPosition;
  readonly #clientBytes: Uint8Array<ArrayBuffer>;
  readonly #clientView: DataView<ArrayBuffer>;
  readonly #backendBytes = BACKEND_WRITES.packets(1);
  readonly #backendView = new DataView(this.#backendBytes.buffer);
  readonly #trips: Sequences;

  /** @param cameBack Told when a player's position is back. */
  constructor(load: Load, client: ClientKind, count: number, cameBack: (player: Session) => void = () => {}) {
    this.#load = load;
    this.#cameBack = cameBack;
    this.#trips = new Sequences(count, WINDOW);
    this.players = load.open(count, { client, traffic: this });
    const dialect = this.players[0]?.dialect ?? VANILLA;
    this.#clientReads = new StampedPosition("PlayerTeleport", dialect);
    this.#clientWrites = new StampedPosition("PlayerPosition", dialect);
    this.#clientBytes = this.#clientWrites.packets(1);
    this.#clientView = new DataView(this.#clientBytes.buffer);
  }

  /** A player sends a position. */
  move({ client, index }: Session): void {
    this.#clientWrites.stamp(this.#clientView, 0, this.#trips.send(index), this.#load.clock.ticks());
    client.write(this.#clientBytes);
  }

  /** Waits until every position is back. */
  drain(): void {
    this.#load.pollUntil("get every position", DRAIN_DEADLINE, () => this.#trips.complete);
  }

  toBackend({ backend, index }: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    if (bytes.getUint8(at) !== BACKEND_READS.id) return false;
    BACKEND_WRITES.setPlayer(this.#backendView, 0, entityOf(index));
    BACKEND_WRITES.stamp(this.#backendView, 0, BACKEND_READS.sequence(bytes, at), BACKEND_READS.ticks(bytes, at));
    backend.write(this.#backendBytes);
    return true;
  }

  toClient(player: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    const form = this.#clientReads;
    if (bytes.getUint8(at) !== form.id || form.player(bytes, at) !== entityOf(player.index)) return false;
    this.#trips.receive(player.index, form.sequence(bytes, at));
    this.times.add(this.#load.clock.ticks() - form.ticks(bytes, at));
    this.#cameBack(player);
    return true;
  }
}

/** Vanilla clients take ids from 128 on for themselves; whose position it is, the session tells. */
function entityOf(index: number): number {
  return index & 0x7f;
}

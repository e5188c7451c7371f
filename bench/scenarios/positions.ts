import { Histogram } from "../histogram.ts";
import type { Load } from "../load.ts";
import { type ClientKind, VANILLA } from "../login.ts";
import { StampedPosition, TICKS_PER_MILLISECOND } from "../position.ts";
import { Sequences } from "../sequences.ts";
import type { Session, Traffic } from "../session.ts";

/**
 * How the backend tells a player where the others are, at each tick:
 * - `batched`: all with one write
 * - `unbatched`: each with a write of its own, as most servers do
 */
export type Delivery = "batched" | "unbatched";

/** Milliseconds between two positions of a player, and between two rounds of the backend: ClassiCube sends 20 a second. */
const TICK = 50;
const DRAIN_DEADLINE = 3_000;
const BACKEND_READS = new StampedPosition("PlayerPosition", VANILLA);
const BACKEND_WRITES = new StampedPosition("PlayerTeleport", VANILLA);

/** Players that move all the time, and a backend that tells each of them where the others are. */
export class Positions implements Traffic {
  readonly #load: Load;
  readonly #delivery: Delivery;
  readonly #players: readonly Session[];
  readonly #clientReads: StampedPosition;
  readonly #clientWrites: StampedPosition;
  readonly #moveView: DataView<ArrayBuffer>;
  readonly #moveBytes: Uint8Array<ArrayBuffer>;
  readonly #tellView: DataView<ArrayBuffer>;
  readonly #tellBytes: Uint8Array<ArrayBuffer>;
  readonly #moves: Sequences;
  /** One sequence for each pair: who is told of whom. */
  readonly #tells: Sequences;
  readonly #toClientTimes = new Histogram();
  readonly #toBackendTimes = new Histogram();
  /** Players heard of since the backend's last tick. */
  readonly #movers = new Set<number>();
  #nextMover = 0;

  /** Logs `count` players in. */
  constructor(load: Load, client: ClientKind, count: number, delivery: Delivery) {
    this.#load = load;
    this.#delivery = delivery;
    this.#moves = new Sequences(count, 16);
    this.#tells = new Sequences(count * count, 16);
    this.#players = load.open(count, { client, traffic: this });
    const dialect = this.#players[0]?.dialect ?? VANILLA;
    this.#clientReads = new StampedPosition("PlayerTeleport", dialect);
    this.#clientWrites = new StampedPosition("PlayerPosition", dialect);
    this.#moveBytes = this.#clientWrites.packets(1);
    this.#moveView = new DataView(this.#moveBytes.buffer);
    this.#tellBytes = BACKEND_WRITES.packets(delivery === "batched" ? count : 1);
    this.#tellView = new DataView(this.#tellBytes.buffer);
  }

  /** Packets that have arrived so far, both directions together. */
  get received(): number {
    return this.#moves.received + this.#tells.received;
  }

  /** One-way times in milliseconds since {@linkcode forgetTimes}. */
  times(): Record<"toClientP50" | "toClientP99" | "toClientMax" | "toBackendP99", number> {
    return {
      toClientP50: this.#toClientTimes.quantile(0.5) / TICKS_PER_MILLISECOND,
      toClientP99: this.#toClientTimes.quantile(0.99) / TICKS_PER_MILLISECOND,
      toClientMax: this.#toClientTimes.max / TICKS_PER_MILLISECOND,
      toBackendP99: this.#toBackendTimes.quantile(0.99) / TICKS_PER_MILLISECOND,
    };
  }

  forgetTimes(): void {
    this.#toClientTimes.clear();
    this.#toBackendTimes.clear();
  }

  /** Lets the players move for `milliseconds`. Ticks that come too late for their schedule are left out. */
  run(milliseconds: number): void {
    const pace = TICK / this.#players.length;
    const start = performance.now();
    let nextMove = start;
    let nextTick = start + TICK / 2;
    for (let now = start; now < start + milliseconds; now = performance.now()) {
      while (nextMove <= now) {
        this.#move();
        nextMove = Math.max(nextMove + pace, now - TICK);
      }
      if (nextTick <= now) {
        this.#tick();
        nextTick = Math.max(nextTick + TICK, now);
      }
      this.#load.poll(Math.min(nextMove, nextTick) - performance.now());
    }
  }

  /** Waits until every packet has arrived. */
  drain(): void {
    this.#load.pollUntil("get every position", DRAIN_DEADLINE, () => this.#moves.complete && this.#tells.complete);
  }

  toClient(session: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    const form = this.#clientReads;
    if (bytes.getUint8(at) !== form.id) return false;
    this.#tells.receive(session.index * this.#players.length + form.player(bytes, at), form.sequence(bytes, at));
    this.#toClientTimes.add(this.#load.clock.ticks() - form.ticks(bytes, at));
    return true;
  }

  toBackend(session: Session, bytes: DataView<ArrayBuffer>, at: number): boolean {
    const form = BACKEND_READS;
    if (bytes.getUint8(at) !== form.id) return false;
    this.#moves.receive(session.index, form.sequence(bytes, at));
    this.#toBackendTimes.add(this.#load.clock.ticks() - form.ticks(bytes, at));
    this.#movers.add(session.index);
    return true;
  }

  /** The next player sends a position. */
  #move(): void {
    const player = this.#players[this.#nextMover];
    if (player === undefined) return;
    this.#clientWrites.stamp(this.#moveView, 0, this.#moves.send(player.index), this.#load.clock.ticks());
    player.client.write(this.#moveBytes);
    this.#nextMover = (this.#nextMover + 1) % this.#players.length;
  }

  /** The backend tells everybody of those who moved. */
  #tick(): void {
    const movers = [...this.#movers];
    this.#movers.clear();
    for (const player of this.#players) {
      const others = movers.filter((mover) => mover !== player.index);
      if (this.#delivery === "batched") this.#tellTogether(player, others);
      else this.#tellOneByOne(player, others);
      // What has arrived meanwhile is taken at once, lest its time include the rest of this loop.
      this.#load.poll(0);
    }
  }

  #tellTogether(player: Session, movers: readonly number[]): void {
    const ticks = this.#load.clock.ticks();
    for (const [index, mover] of movers.entries()) this.#writeTell(index * BACKEND_WRITES.size, player, mover, ticks);
    if (movers.length === 0) return;
    player.backend.write(this.#tellBytes.subarray(0, movers.length * BACKEND_WRITES.size));
  }

  #tellOneByOne(player: Session, movers: readonly number[]): void {
    for (const mover of movers) {
      this.#writeTell(0, player, mover, this.#load.clock.ticks());
      player.backend.write(this.#tellBytes);
    }
  }

  #writeTell(at: number, player: Session, mover: number, ticks: number): void {
    const sequence = this.#tells.send(player.index * this.#players.length + mover);
    BACKEND_WRITES.setPlayer(this.#tellView, at, mover);
    BACKEND_WRITES.stamp(this.#tellView, at, sequence, ticks);
  }
}

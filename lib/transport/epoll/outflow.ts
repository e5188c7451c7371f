// @ts-types="../../../types/std_bytes_concat.d.ts"
import { concat } from "@std/bytes/concat";
import type { EpollStream } from "./stream.ts";

/** Bytes that gather before they are written together; a larger piece is written by itself. */
const GATHERED_SIZE = 64 << 10;
/** Pieces that wait are joined up to this size, since each takes some hundred bytes beside its own. */
const JOINED_SIZE = 4 << 10;
/** Empty buffers kept for the next leg that gathers. */
const MAX_KEPT = 4;
/** Outflows kept for the next leg that writes. */
const MAX_IDLE = 64;
const NOTHING = new Uint8Array(0);

const kept: Uint8Array<ArrayBuffer>[] = [];
const idle: Outflow[] = [];

/**
 * What waits to be written to one stream. What is added within one turn goes out with one write; only what the kernel does not take
 * is kept beyond it.
 */
export class Outflow {
  #stream: EpollStream;
  /** A view that is valid in this turn only. */
  #lent: Uint8Array<ArrayBuffer> = NOTHING;
  #gathered: Uint8Array<ArrayBuffer> | undefined;
  #gatheredSize = 0;
  /** What the kernel did not take, oldest first. */
  #waiting: Uint8Array<ArrayBuffer>[] | undefined;
  #pending = 0;
  #written = 0;
  #failure: string | undefined;

  constructor(stream: EpollStream) {
    this.#stream = stream;
  }

  /** One for `stream`, perhaps one that another stream {@linkcode leave}s: most have nothing to write most of the time. */
  static for(stream: EpollStream): Outflow {
    const outflow = idle.pop();
    if (outflow === undefined) return new Outflow(stream);
    outflow.#stream = stream;
    return outflow;
  }

  /** Nothing waits: the stream does without it from now on, and must not use it any more. */
  leave(): void {
    if (this.#failure !== undefined || idle.length === MAX_IDLE) return;
    this.#written = 0;
    idle.push(this);
  }

  get pending(): number {
    return this.#pending;
  }

  get written(): number {
    return this.#written;
  }

  /** Why nothing can be written any more; `undefined` as long as it can. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** @param lent `bytes` stay as they are until the turn is over, that is until the next {@linkcode flush}. */
  add(bytes: Uint8Array<ArrayBuffer>, lent: boolean): void {
    if (bytes.length === 0) return;
    this.#pending += bytes.length;
    if (this.#waiting !== undefined) return append(this.#waiting, bytes);
    if (lent && this.#lent.length === 0 && this.#gatheredSize === 0) {
      this.#lent = bytes;
      return;
    }
    const loan = this.#lent;
    this.#lent = NOTHING;
    if (loan.length > 0) this.#gather(loan);
    this.#gather(bytes);
  }

  /** Writes as much as the kernel takes now. */
  flush(): void {
    if (this.#failure !== undefined) return this.clear();
    if (this.#waiting !== undefined) return this.#flushWaiting();
    if (this.#lent.length > 0) {
      this.#writeOrKeep(this.#lent, this.#lent.length);
      this.#lent = NOTHING;
    }
    this.#flushGathered();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#lent = NOTHING;
    this.#waiting = undefined;
    this.#pending = 0;
    this.#releaseGathered();
  }

  /** What waits, in order, for another process to write. */
  takeWaiting(): Uint8Array<ArrayBuffer> {
    this.flush();
    const all = concat(this.#waiting ?? []);
    this.clear();
    return all;
  }

  #gather(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#gatheredSize + bytes.length > GATHERED_SIZE) this.#flushGathered();
    if (this.#failure !== undefined) return;
    if (this.#waiting !== undefined) {
      append(this.#waiting, bytes);
    } else if (bytes.length > GATHERED_SIZE) {
      this.#writeOrKeep(bytes, bytes.length);
    } else {
      this.#gathered ??= kept.pop() ?? new Uint8Array(GATHERED_SIZE);
      this.#gathered.set(bytes, this.#gatheredSize);
      this.#gatheredSize += bytes.length;
    }
  }

  #flushGathered(): void {
    if (this.#gathered !== undefined && this.#gatheredSize > 0) this.#writeOrKeep(this.#gathered, this.#gatheredSize);
    this.#releaseGathered();
  }

  #releaseGathered(): void {
    if (this.#gathered !== undefined && kept.length < MAX_KEPT) kept.push(this.#gathered);
    this.#gathered = undefined;
    this.#gatheredSize = 0;
  }

  #writeOrKeep(bytes: Uint8Array<ArrayBuffer>, count: number): void {
    const taken = this.#write(bytes, count);
    if (this.#failure === undefined && taken < count) this.#waiting = [bytes.slice(taken, count)];
  }

  #flushWaiting(): void {
    const waiting = this.#waiting ?? [];
    while (waiting.length > 0) {
      const bytes = this.#nextWaiting(waiting);
      const taken = this.#write(bytes, bytes.length);
      if (this.#failure !== undefined) return;
      if (taken < bytes.length) {
        waiting.unshift(bytes.subarray(taken));
        return;
      }
    }
    this.#waiting = undefined;
  }

  /** Takes the oldest pieces, as many as are worth one write. */
  #nextWaiting(waiting: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
    let [count, size] = [0, 0];
    for (const { length } of waiting) {
      if (count > 0 && size + length > GATHERED_SIZE) break;
      size += length;
      count++;
    }
    const taken = waiting.splice(0, count);
    return taken.length === 1 ? taken[0] ?? NOTHING : concat(taken);
  }

  #write(bytes: Uint8Array<ArrayBuffer>, count: number): number {
    const taken = this.#stream.write(bytes, count);
    if (typeof taken === "number") {
      this.#pending -= taken;
      this.#written += taken;
      return taken;
    }
    this.#failure = taken.message;
    this.clear();
    return 0;
  }
}

/** Appends a copy of `bytes`. */
function append(waiting: Uint8Array<ArrayBuffer>[], bytes: Uint8Array<ArrayBuffer>): void {
  const last = waiting.at(-1);
  if (last === undefined || last.length + bytes.length > JOINED_SIZE) waiting.push(bytes.slice());
  else waiting[waiting.length - 1] = concat([last, bytes]);
}

/** Two ends of a handover channel within the process. */
import type { HandoverChannel, Parcel } from "../../lib/handover/channel.ts";
import { GoneError } from "../../lib/handover/conversation.ts";

/** One end; descriptors are handed over as the numbers they are. */
export class MemoryChannel implements HandoverChannel {
  /** Parcels that were sent so far. */
  sent = 0;
  /** Sends no more than that many parcels, then closes, as a process that dies. */
  lastsFor = Infinity;
  isClosed = false;
  /** Descriptors for which there was no use. */
  readonly discarded: number[] = [];
  #peer: MemoryChannel | undefined;
  readonly #waiting: Parcel[] = [];
  #changed = Promise.withResolvers<void>();

  static pair(): readonly [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(), new MemoryChannel()];
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  send(parcel: Parcel, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.sent++ >= this.lastsFor) this.close();
    if (this.isClosed || this.#peer === undefined || this.#peer.isClosed) return Promise.reject(new GoneError());
    this.#peer.#waiting.push({ bytes: parcel.bytes.slice(), descriptors: [...parcel.descriptors] });
    this.#peer.#changed.resolve();
    return Promise.resolve();
  }

  async receive(signal: AbortSignal): Promise<Parcel | undefined> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    if (signal.aborted) throw signal.reason;
    signal.addEventListener("abort", abort);
    try {
      while (this.#waiting.length === 0) {
        if (this.isClosed || this.#peer?.isClosed === true) return undefined;
        this.#changed = Promise.withResolvers<void>();
        await Promise.race([this.#changed.promise, aborted.promise]);
      }
      return this.#waiting.shift();
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  discard(descriptors: readonly number[]): void {
    this.discarded.push(...descriptors);
  }

  close(): void {
    this.isClosed = true;
    this.#changed.resolve();
    if (this.#peer !== undefined) this.#peer.#changed.resolve();
  }
}

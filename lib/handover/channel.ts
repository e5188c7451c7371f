/** What two processes talk through while one takes over from the other. */

/** A message, and the descriptors that go with it. */
export interface Parcel {
  readonly bytes: Uint8Array;
  /** Copies of the sender's; whoever receives them closes them. */
  readonly descriptors: readonly number[];
}

/** One end. Parcels come as they were sent, in that order; one owner closes. */
export interface HandoverChannel {
  /**
   * Resolves when the parcel is on its way; the sender's descriptors stay open.
   *
   * @throws {Error} where the other process is gone, or `signal` aborts
   */
  send(parcel: Parcel, signal: AbortSignal): Promise<void>;
  /**
   * The next parcel; `undefined` where the other process has closed its end or is gone.
   *
   * @throws {Error} where what comes is no parcel, or `signal` aborts
   */
  receive(signal: AbortSignal): Promise<Parcel | undefined>;
  /** Closes descriptors of a received parcel for which there is no use. */
  discard(descriptors: readonly number[]): void;
  close(): void;
}

/** Bytes of the largest parcel. A session's unsent bytes are by far the largest part. */
export const LARGEST_PARCEL = 8 << 20;
/** Descriptors of one parcel at most. */
export const MOST_DESCRIPTORS = 128;

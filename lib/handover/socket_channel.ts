// @ts-types="../../types/std_bytes_concat.d.ts"
import { concat } from "@std/bytes/concat";
import { EAGAIN, ECONNRESET, EPIPE, type Libc, MAX_DESCRIPTORS } from "../transport/epoll/libc.ts";
import { type HandoverChannel, LARGEST_PARCEL, MOST_DESCRIPTORS, type Parcel } from "./channel.ts";
import { GoneError, HandoverError } from "./conversation.ts";
import { Readiness } from "./readiness.ts";

/** Bytes of one packet, of which the kernel takes a few at a time. */
const PACKET_SIZE = 32 << 10;
/**
 * Milliseconds that the thread waits for the other process to take a parcel with descriptors before it turns to anything else: whoever
 * they belong to stands still. Where both processes share a core, whatever is done here meanwhile costs them as much time.
 */
const PATIENCE_MS = 20;
/** First byte of each packet: whether others of the same parcel follow. */
const MORE = 1;
const LAST = 0;

/** A channel over a Unix socket that keeps packets apart (`SOCK_SEQPACKET`). */
export class SocketChannel implements HandoverChannel {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #readiness: Readiness;
  readonly #packet = new Uint8Array(PACKET_SIZE);
  #isClosed = false;

  /**
   * @param descriptor A connected socket, which belongs to the channel from now on.
   * @throws {Error} where the kernel refuses, e.g. for want of descriptors
   */
  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    try {
      this.#readiness = new Readiness(libc, descriptor);
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
  }

  async send({ bytes, descriptors }: Parcel, signal: AbortSignal): Promise<void> {
    if (bytes.length > LARGEST_PARCEL || descriptors.length > MOST_DESCRIPTORS) {
      throw new HandoverError(`Cannot hand over ${bytes.length} bytes and ${descriptors.length} descriptors at once`);
    }
    const patience = descriptors.length > 0 ? PATIENCE_MS : 0;
    let [at, passed] = [0, 0];
    do {
      const part = bytes.subarray(at, at += PACKET_SIZE - 1);
      const passing = descriptors.slice(passed, passed += MAX_DESCRIPTORS);
      this.#packet[0] = at < bytes.length || passed < descriptors.length ? MORE : LAST;
      this.#packet.set(part, 1);
      await this.#sendPacket(this.#packet.subarray(0, 1 + part.length), passing, patience, signal);
    } while (at < bytes.length || passed < descriptors.length);
  }

  async receive(signal: AbortSignal): Promise<Parcel | undefined> {
    const parts: Uint8Array[] = [];
    const descriptors: number[] = [];
    try {
      if (await this.#receiveParts(parts, descriptors, signal)) return { bytes: concat(parts), descriptors };
    } catch (error) {
      this.discard(descriptors);
      throw error;
    }
    this.discard(descriptors);
    return undefined;
  }

  discard(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.#libc.close(descriptor);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#readiness.close();
    this.#libc.close(this.#descriptor);
  }

  /** Returns whether all of them came: not where the other end is closed. */
  async #receiveParts(parts: Uint8Array[], descriptors: number[], signal: AbortSignal): Promise<boolean> {
    let size = 0;
    while (true) {
      const received = await this.#receivePacket(signal);
      if (received === undefined) return false;
      descriptors.push(...received.descriptors);
      parts.push(this.#packet.slice(1, received.count));
      size += received.count - 1;
      if (size > LARGEST_PARCEL || descriptors.length > MOST_DESCRIPTORS) {
        throw new HandoverError("the other process hands over too much at once");
      }
      if (this.#packet[0] === LAST) return true;
    }
  }

  async #sendPacket(
    packet: Uint8Array<ArrayBuffer>,
    descriptors: readonly number[],
    patience: number,
    signal: AbortSignal,
  ): Promise<void> {
    while (true) {
      const sent = this.#libc.sendDescriptors(this.#descriptor, packet, descriptors);
      if (sent >= 0) return;
      if (sent === -EPIPE || sent === -ECONNRESET) throw new GoneError();
      if (sent !== -EAGAIN) throw new HandoverError(`Cannot hand over: ${this.#libc.describe(-sent)}`);
      if (!this.#readiness.changesWithin(patience)) await this.#readiness.change(signal);
    }
  }

  /** `undefined` at the end. */
  async #receivePacket(signal: AbortSignal): Promise<ReturnType<Libc["receiveDescriptors"]> | undefined> {
    while (true) {
      const received = this.#libc.receiveDescriptors(this.#descriptor, this.#packet);
      // A process that has gone with unread packets before it has reset the connection.
      if (received.count === 0 || received.count === -ECONNRESET) return undefined;
      if (received.count > 0) return received;
      if (received.count !== -EAGAIN) {
        throw new HandoverError(`Cannot take over: ${this.#libc.describe(-received.count)}`);
      }
      await this.#readiness.change(signal);
    }
  }
}

/** Collects what one chunk turns into, so that it goes out in one write, and untouched where nothing had to change. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";

const NOTHING = new Uint8Array(0);
/** A run of this many bytes is worth a write of its own: copying it would cost more. */
const LONG_RUN = 4 << 10;
/** Storage above this is not kept for the next chunk: one exploding map must not cost memory for ever. */
const MAX_KEPT = 1 << 20;

/**
 * Whole runs of packets are only remembered as long as they follow each other; the first packet that was rewritten makes a copy
 * of them. Used for one chunk after the other, never for two at a time.
 */
export class Outbox {
  #scratch = new PacketBuffer(64 << 10);
  #run: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  /**
   * Appends the packets of `bytes` from `start` to `end`; they must stay as they are until {@linkcode take}. Returns `false` where
   * that would mean to copy a long run: take what is there first.
   */
  pass(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#scratch.length === 0 && this.#start === this.#end) {
      this.#run = bytes;
      this.#start = start;
      this.#end = end;
    } else if (bytes === this.#run && start === this.#end) {
      this.#end = end;
    } else if (end - start >= LONG_RUN) {
      return false;
    } else {
      this.packets().append(bytes, start, end);
    }
    return true;
  }

  /** Where rewritten packets are appended. */
  packets(): PacketBuffer {
    if (this.#start < this.#end) {
      this.#scratch.append(this.#run, this.#start, this.#end);
      this.#forgetRun();
    }
    return this.#scratch;
  }

  /** Everything appended, which is then forgotten; the view is valid until the next call that appends. */
  take(): Uint8Array {
    if (this.#start < this.#end) {
      const whole = this.#start === 0 && this.#end === this.#run.length;
      const bytes = whole ? this.#run : this.#run.subarray(this.#start, this.#end);
      this.#forgetRun();
      return bytes;
    }
    const bytes = this.#scratch.view();
    if (this.#scratch.storage.length > MAX_KEPT) this.#scratch = new PacketBuffer(64 << 10);
    else this.#scratch.clear();
    return bytes;
  }

  #forgetRun(): void {
    this.#run = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }
}

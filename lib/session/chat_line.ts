/** One line of chat as the client types it: with LongerMessages it comes in parts, which belong together. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { readText, TEXT_SIZE, textEnd } from "../protocol/text.ts";

/** Parts of one line that are waited for; MCGalaxy joins as many. */
export const MAX_PARTS = 100;
const MORE_FOLLOWS = 1;
/** Where the text of a PlayerMessage begins, behind its id and the flag. */
const TEXT_AT = 2;

/** A line as written down. */
export interface LineState {
  /** The parts so far, whole packets. */
  readonly packets: Uint8Array;
  /** Whether what comes next belongs to a line that was too long to be waited for. */
  readonly isTail: boolean;
}

/** Holds the parts of a line until it is whole, so that it goes to one backend or, as a command, to none. */
export class ChatLine {
  readonly #inParts: boolean;
  readonly #packets = new PacketBuffer(0);
  #text = "";
  #parts = 0;
  /** Whether what comes next belongs to a line that was too long to be waited for: it is no line of its own. */
  #isTail = false;

  /** @param inParts Whether LongerMessages was negotiated with the client. */
  constructor(inParts: boolean) {
    this.#inParts = inParts;
  }

  /** The packets of the line so far, whole. */
  get packets(): Uint8Array {
    return this.#packets.view();
  }

  /** The text of the line so far; empty behind the parts that are waited for. */
  get text(): string {
    return this.#text;
  }

  /** Whether the next PlayerMessage begins a line. */
  get isFresh(): boolean {
    return this.#packets.length === 0 && !this.#isTail;
  }

  /** Takes the PlayerMessage at `start` of `bytes`. Returns whether the line is whole, or longer than is waited for. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    const more = this.#inParts && bytes[start + 1] === MORE_FOLLOWS;
    this.#packets.append(bytes, start, end);
    if (this.#isTail) {
      this.#isTail = more;
      return true;
    }
    const text = readText(bytes, start + TEXT_AT);
    // What looks like padding in front of another part belongs to the text.
    this.#text += more ? text.padEnd(TEXT_SIZE) : text;
    this.#parts++;
    this.#isTail = more && this.#parts === MAX_PARTS;
    return !more || this.#isTail;
  }

  /** Begins the next line. */
  clear(): void {
    this.#packets.clear();
    this.#text = "";
    this.#parts = 0;
  }

  /** What {@linkcode resume} takes. */
  writeDown(): LineState {
    return { packets: this.#packets.copy(), isTail: this.#isTail };
  }

  /** Goes on where a line has been written down; each of its packets is `size` bytes long. */
  resume({ packets, isTail }: LineState, size: number): void {
    for (let at = 0; at < packets.length; at += size) this.push(packets, at, at + size);
    this.#isTail = isTail;
  }

  /** Whether the PlayerMessage at `start` of `bytes` is a whole line that does not begin with a slash: nothing for the edge. */
  isPlain(bytes: Uint8Array, start: number): boolean {
    return this.isFresh && !(this.#inParts && bytes[start + 1] === MORE_FOLLOWS) &&
      !beginsWithSlash(bytes, start);
  }
}

/** Whether the first character that is no space is a slash. */
function beginsWithSlash(bytes: Uint8Array, start: number): boolean {
  const end = textEnd(bytes, start + TEXT_AT);
  let at = start + TEXT_AT;
  while (at < end && bytes[at] === 0x20) at++;
  return bytes[at] === 0x2f;
}

/**
 * The beginning of a DEFLATE stream (RFC 1951): read token by token, written anew with the fixed codes, and joined so that what
 * follows can be copied byte by byte.
 */

/** Why a DEFLATE stream cannot be read on. */
export type DeflateFailure =
  /** A block of type 3. */
  | "block-type-reserved"
  /** The length of a stored block and its complement differ. */
  | "stored-length-mismatch"
  /** The code tables of a dynamic block are over-subscribed, incomplete, cut, too long, or cannot end the block. */
  | "code-lengths-invalid"
  /** Bits that are no code of the block, or a code that means nothing. */
  | "code-invalid";

/** What {@linkcode DeflateReader.read} found. */
export type Token =
  | { readonly kind: "literal"; readonly value: number }
  /** `length` bytes (3–258) equal those that stand `distance` (1–32768) before them. */
  | { readonly kind: "match"; readonly length: number; readonly distance: number }
  /** The final block is over. */
  | { readonly kind: "end" }
  /** The next token is not there yet, or not whole. */
  | { readonly kind: "short" }
  | { readonly kind: "failed"; readonly failure: DeflateFailure };

interface BitRun {
  readonly bytes: Uint8Array;
  readonly count: number;
}

interface StoredBlock {
  readonly kind: "stored";
  readonly final: boolean;
  /** Bytes of the block not read yet. */
  left: number;
}

interface CodedBlock {
  readonly kind: "coded";
  readonly final: boolean;
  readonly literals: HuffmanCode;
  readonly distances: HuffmanCode;
  /** Everything that stands before the block's first token. */
  readonly header: BitRun;
}

type Block = StoredBlock | CodedBlock;

const NO_BITS: BitRun = { bytes: new Uint8Array(0), count: 0 };

/** The longest step that is read as a whole is the header of a dynamic block and its first token, under 300 bytes. */
const READER_CAPACITY = 1024;
/** The owner takes the output before this is used up; see {@linkcode DeflateWriter}. */
const WRITER_CAPACITY = 2048;

const MAX_CODE_LENGTH = 15;
const MAX_LITERAL_CODES = 286;
const MAX_DISTANCE_CODES = 30;
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
/** Beyond every alphabet. */
const NO_SYMBOL = 0xffff;

// deno-fmt-ignore
const LENGTH_BASES: readonly number[] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
// deno-fmt-ignore
const LENGTH_EXTRA_BITS: readonly number[] = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
// deno-fmt-ignore
const DISTANCE_BASES: readonly number[] = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
  12289, 16385, 24577,
];
// deno-fmt-ignore
const DISTANCE_EXTRA_BITS: readonly number[] = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** In which order a dynamic block lists the lengths of its code length code. */
const CODE_LENGTH_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code, given by the length of each symbol's code; 0 = the symbol has none. */
class HuffmanCode {
  /** How many codes there are of each length. */
  readonly counts = new Uint16Array(MAX_CODE_LENGTH + 1);
  /** The symbols that have a code, in the order of their codes. */
  readonly symbols: Uint16Array;
  /**
   * `"sparse"` is the one incomplete code that is allowed, for literals and distances only: a single code of one bit, or none. It is
   * how a block says that it needs no more.
   */
  readonly shape: "complete" | "sparse" | "broken";

  constructor(lengths: Uint8Array) {
    const { counts } = this;
    for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
    this.symbols = new Uint16Array(lengths.length - (counts[0] ?? 0));
    counts[0] = 0;

    const starts = new Uint16Array(MAX_CODE_LENGTH + 1);
    let unused = 1;
    let oversubscribed = false;
    for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
      starts[length] = (starts[length - 1] ?? 0) + (counts[length - 1] ?? 0);
      unused = 2 * unused - (counts[length] ?? 0);
      oversubscribed ||= unused < 0;
    }
    lengths.forEach((length, symbol) => {
      if (length === 0) return;
      const start = starts[length] ?? 0;
      this.symbols[start] = symbol;
      starts[length] = start + 1;
    });

    if (oversubscribed) this.shape = "broken";
    else if (unused === 0) this.shape = "complete";
    else this.shape = this.symbols.length === counts[1] ? "sparse" : "broken";
  }
}

const FIXED_LITERAL_LENGTHS = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
const FIXED_LITERALS = new HuffmanCode(FIXED_LITERAL_LENGTHS);
const FIXED_DISTANCE_BITS = 5;
const FIXED_DISTANCES = new HuffmanCode(new Uint8Array(32).fill(FIXED_DISTANCE_BITS));

const SHORT: Token = { kind: "short" };
const END: Token = { kind: "end" };
const BLOCK_END = Symbol("block end");

/** Reads the tokens of a DEFLATE stream that arrives in pieces of any size, up to where its owner stops. Memory is constant. */
export class DeflateReader {
  readonly #input = new Uint8Array(READER_CAPACITY);
  #size = 0;
  /** In bits. */
  #position = 0;
  #block: Block | undefined;
  #ended = false;

  /** Takes what there is room for and returns how much that is: at least one byte if {@linkcode read} last ran short. */
  load(bytes: Uint8Array): number {
    const from = this.#position >> 3;
    this.#input.copyWithin(0, from, this.#size);
    this.#size -= from;
    this.#position &= 7;
    const count = Math.min(bytes.length, this.#input.length - this.#size);
    this.#input.set(bytes.subarray(0, count), this.#size);
    this.#size += count;
    return count;
  }

  /** The next token. After `"short"` read on once more bytes are loaded; after `"end"` and `"failed"` there is nothing more to read. */
  read(): Token {
    while (!this.#ended) {
      const start = this.#position;
      const block = this.#block ?? this.#openBlock();
      const token = typeof block === "string" ? BLOCK_END : this.#readToken(block);
      // Reading goes on past the last byte as if there were more; nothing of such a step counts, not even its failure.
      if (this.#position > 8 * this.#size) {
        this.#position = start;
        return SHORT;
      }
      if (typeof block === "string") return { kind: "failed", failure: block };
      if (token === BLOCK_END) {
        this.#block = undefined;
        this.#ended = block.final;
      } else {
        if (block.kind === "stored") block.left--;
        this.#block = block;
        return token;
      }
    }
    return END;
  }

  /**
   * Hands the stream over to `writer`, which stands between two blocks: begins there the block being read, as far as it is not read
   * yet, and returns the whole bytes that are loaded and not read. These, and then the stream's next bytes, continue what was
   * written, byte for byte.
   *
   * Both sides reach that point at the same bit of a byte. Without it every later byte would have to be shifted, and stored blocks,
   * which start at a byte boundary, would be torn.
   */
  handOver(writer: DeflateWriter): Uint8Array {
    const block = this.#block;
    if (block?.kind === "stored") {
      writer.openStored(block.final, block.left);
    } else {
      const header = block?.header ?? NO_BITS;
      writer.padTo(this.#position - header.count);
      writer.writeRun(header);
    }
    const partial = -this.#position & 7;
    writer.write(this.#bits(partial), partial);
    return this.#input.subarray(this.#position >> 3, this.#size);
  }

  #openBlock(): Block | DeflateFailure {
    const start = this.#position;
    const final = this.#bits(1) === 1;
    switch (this.#bits(2)) {
      case 0: {
        this.#position = (this.#position + 7) & ~7;
        const left = this.#bits(16);
        return this.#bits(16) === (left ^ 0xffff) ? { kind: "stored", final, left } : "stored-length-mismatch";
      }
      case 1: {
        const header = this.#runFrom(start);
        return { kind: "coded", final, literals: FIXED_LITERALS, distances: FIXED_DISTANCES, header };
      }
      case 2: {
        const codes = this.#readCodes();
        if (codes === undefined) return "code-lengths-invalid";
        return { kind: "coded", final, ...codes, header: this.#runFrom(start) };
      }
      default:
        return "block-type-reserved";
    }
  }

  #readCodes(): Pick<CodedBlock, "literals" | "distances"> | undefined {
    const literalCount = 257 + this.#bits(5);
    const distanceCount = 1 + this.#bits(5);
    const lengthCount = 4 + this.#bits(4);
    if (literalCount > MAX_LITERAL_CODES || distanceCount > MAX_DISTANCE_CODES) return undefined;

    const codeLengths = new Uint8Array(CODE_LENGTH_ORDER.length);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, lengthCount)) codeLengths[symbol] = this.#bits(3);
    const code = new HuffmanCode(codeLengths);
    if (code.shape !== "complete") return undefined;

    const lengths = new Uint8Array(literalCount + distanceCount);
    let at = 0;
    while (at < lengths.length) {
      const symbol = this.#symbol(code);
      if (symbol <= MAX_CODE_LENGTH) {
        lengths[at++] = symbol;
        continue;
      }
      const length = symbol === 16 ? lengths[at - 1] : 0;
      const count = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (length === undefined || at + count > lengths.length) return undefined;
      lengths.fill(length, at, at + count);
      at += count;
    }

    const literals = new HuffmanCode(lengths.subarray(0, literalCount));
    const distances = new HuffmanCode(lengths.subarray(literalCount));
    if (lengths[END_OF_BLOCK] === 0 || literals.shape === "broken" || distances.shape === "broken") return undefined;
    return { literals, distances };
  }

  #readToken(block: Block): Token | typeof BLOCK_END {
    if (block.kind === "stored") {
      return block.left === 0 ? BLOCK_END : { kind: "literal", value: this.#bits(8) };
    }
    const symbol = this.#symbol(block.literals);
    if (symbol < END_OF_BLOCK) return { kind: "literal", value: symbol };
    if (symbol === END_OF_BLOCK) return BLOCK_END;
    const length = this.#extend(symbol - FIRST_LENGTH, LENGTH_BASES, LENGTH_EXTRA_BITS);
    if (length === undefined) return { kind: "failed", failure: "code-invalid" };
    const distance = this.#extend(this.#symbol(block.distances), DISTANCE_BASES, DISTANCE_EXTRA_BITS);
    if (distance === undefined) return { kind: "failed", failure: "code-invalid" };
    return { kind: "match", length, distance };
  }

  /** The number that a symbol and the bits after it stand for; `undefined` if the symbol has no meaning. */
  #extend(symbol: number, bases: readonly number[], extraBits: readonly number[]): number | undefined {
    const base = bases[symbol];
    return base === undefined ? undefined : base + this.#bits(extraBits[symbol] ?? 0);
  }

  #symbol(code: HuffmanCode): number {
    const ahead = this.#peek(MAX_CODE_LENGTH);
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
      value = (value << 1) | ((ahead >> (length - 1)) & 1);
      const count = code.counts[length] ?? 0;
      if (value < first + count) {
        this.#position += length;
        return code.symbols[index + value - first] ?? NO_SYMBOL;
      }
      index += count;
      first = (first + count) << 1;
    }
    this.#position += MAX_CODE_LENGTH;
    return NO_SYMBOL;
  }

  /** @param count At most 16. */
  #bits(count: number): number {
    const value = this.#peek(count);
    this.#position += count;
    return value;
  }

  #peek(count: number): number {
    const input = this.#input;
    const at = this.#position >> 3;
    const word = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8) | ((input[at + 2] ?? 0) << 16);
    return (word >> (this.#position & 7)) & ((1 << count) - 1);
  }

  /** A copy of the bits from `start` up to here. */
  #runFrom(start: number): BitRun {
    const end = this.#position;
    const count = end - start;
    const bytes = new Uint8Array(Math.ceil(count / 8));
    this.#position = start;
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.#bits(Math.min(8, end - this.#position));
    return { bytes, count };
  }
}

/** The fixed codes, first bit lowest, as they are written. */
const FIXED_LITERAL_CODES = fixedLiteralCodes();

/**
 * An empty dynamic block of 95 bits: the only kind of empty block whose length can be odd. All its codes are complete, so that no
 * inflater can object. Literals and distances have two codes each, of one bit; the code length code knows 1 and 18 (a run of zeros).
 */
const ODD_EMPTY_BLOCK: readonly (readonly [value: number, count: number])[] = [
  [0b100, 3],
  [257 - 257, 5],
  [2 - 1, 5],
  [19 - 4, 4],
  ...CODE_LENGTH_ORDER.map((symbol) => [symbol === 1 || symbol === 18 ? 1 : 0, 3] as const),
  [0, 1], // literal 0: length 1
  [1, 1], // 138 zeros
  [138 - 11, 7],
  [1, 1], // 117 zeros, up to literal 255
  [117 - 11, 7],
  [0, 1], // end of block: length 1
  [0, 1], // distance 0: length 1
  [0, 1], // distance 1: length 1
  [1, 1], // end of block
];

/**
 * Writes a DEFLATE stream with the fixed codes. It has room for 2 KiB: its owner takes what is written whenever {@linkcode size}
 * passes 1 KiB. No single call writes more than 300 bytes.
 */
export class DeflateWriter {
  readonly #output = new Uint8Array(WRITER_CAPACITY);
  #size = 0;
  #bits = 0;
  #bitCount = 0;

  /** Whole bytes written since the last {@linkcode take}. */
  get size(): number {
    return this.#size;
  }

  /** The whole bytes written since the last call, as a view that is valid until the next write. */
  take(): Uint8Array {
    const taken = this.#output.subarray(0, this.#size);
    this.#size = 0;
    return taken;
  }

  /** Appends the `count` (at most 16) low bits of `value`; there must be no others. */
  write(value: number, count: number): void {
    this.#bits |= value << this.#bitCount;
    this.#bitCount += count;
    while (this.#bitCount >= 8) {
      this.#output[this.#size++] = this.#bits & 0xff;
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
  }

  writeRun(run: BitRun): void {
    run.bytes.forEach((byte, at) => this.write(byte, Math.min(8, run.count - 8 * at)));
  }

  openFixed(final: boolean): void {
    this.write(final ? 0b011 : 0b010, 3);
  }

  literal(value: number): void {
    this.write(FIXED_LITERAL_CODES[value] ?? 0, FIXED_LITERAL_LENGTHS[value] ?? 0);
  }

  match(length: number, distance: number): void {
    const lengthSymbol = lastNotAbove(LENGTH_BASES, length);
    this.literal(FIRST_LENGTH + lengthSymbol);
    this.write(length - (LENGTH_BASES[lengthSymbol] ?? 0), LENGTH_EXTRA_BITS[lengthSymbol] ?? 0);
    const distanceSymbol = lastNotAbove(DISTANCE_BASES, distance);
    this.write(reversed(distanceSymbol, FIXED_DISTANCE_BITS), FIXED_DISTANCE_BITS);
    this.write(distance - (DISTANCE_BASES[distanceSymbol] ?? 0), DISTANCE_EXTRA_BITS[distanceSymbol] ?? 0);
  }

  closeFixed(): void {
    this.literal(END_OF_BLOCK);
  }

  /** Begins a stored block; its `length` bytes follow. */
  openStored(final: boolean, length: number): void {
    this.write(final ? 1 : 0, 3);
    this.alignToByte();
    this.write(length, 16);
    this.write(length ^ 0xffff, 16);
  }

  alignToByte(): void {
    this.write(0, -this.#bitCount & 7);
  }

  /** Appends empty blocks until what follows starts at bit `position` modulo 8 of a byte. */
  padTo(position: number): void {
    if ((position - this.#bitCount) & 1) {
      for (const [value, count] of ODD_EMPTY_BLOCK) this.write(value, count);
    }
    // An empty fixed block has 10 bits, so at most three of them reach any place an even number of bits away.
    while ((position - this.#bitCount) & 7) {
      this.openFixed(false);
      this.closeFixed();
    }
  }
}

/** Index of the last of the ascending `bases` that is not above `value`. */
function lastNotAbove(bases: readonly number[], value: number): number {
  return bases.findLastIndex((base) => base <= value);
}

function reversed(bits: number, count: number): number {
  let result = 0;
  for (let at = 0; at < count; at++) result = (result << 1) | ((bits >> at) & 1);
  return result;
}

function fixedLiteralCodes(): Uint16Array {
  const codes = new Uint16Array(FIXED_LITERAL_LENGTHS.length);
  let code = 0;
  let lastLength = 0;
  for (const symbol of FIXED_LITERALS.symbols) {
    const length = FIXED_LITERAL_LENGTHS[symbol] ?? 0;
    code <<= length - lastLength;
    codes[symbol] = reversed(code++, length);
    lastLength = length;
  }
  return codes;
}

const NOTHING = new Uint8Array(0);
/** Bytes up to which copying one by one is faster than a view of them. */
const SHORT = 24;

/** A growing run of bytes that packets are appended to; reused, so that steady traffic allocates nothing. */
export class PacketBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param capacity Bytes to start with; 0 takes no memory until something is appended. */
  constructor(capacity = 4096) {
    this.#bytes = capacity === 0 ? NOTHING : new Uint8Array(capacity);
  }

  /** Bytes appended since the last {@linkcode clear}. */
  get length(): number {
    return this.#length;
  }

  /** The storage; positions from {@linkcode reserve} index into it until the next call that appends. */
  get storage(): Uint8Array {
    return this.#bytes;
  }

  /** Makes room for `size` bytes whose content is not defined, and returns their position in {@linkcode storage}. */
  reserve(size: number): number {
    const at = this.#length;
    const end = at + size;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#length = end;
    return at;
  }

  /** Appends the bytes of `source` from `start` to `end`. */
  append(source: Uint8Array, start = 0, end: number = source.length): void {
    const size = end - start;
    const at = this.reserve(size);
    const bytes = this.#bytes;
    if (size <= SHORT) {
      for (let i = 0; i < size; i++) bytes[at + i] = source[start + i] ?? 0;
    } else {
      bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    }
  }

  /** Everything appended, as a view that is valid until the next call. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Everything appended, as a copy of its own. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}

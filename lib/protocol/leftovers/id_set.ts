const NOTHING = new Uint8Array(0);
/** Above every id that leftovers have. */
const HIGHEST = 0x3ff;

/** A set of small whole numbers, one bit each up to the highest there ever was; takes no memory until it has a member. */
export class IdSet implements Iterable<number> {
  #bits = NOTHING;

  has(id: number): boolean {
    return ((this.#bits[id >> 3] ?? 0) & 1 << (id & 7)) !== 0;
  }

  /** Makes `id` a member, or no member any more. */
  set(id: number, isMember: boolean): void {
    const at = id >> 3;
    if (at >= this.#bits.length) {
      if (!isMember) return;
      const grown = new Uint8Array(Math.max(at + 1, 2 * this.#bits.length));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (id & 7);
    const others = (this.#bits[at] ?? 0) & ~bit;
    this.#bits[at] = isMember ? others | bit : others;
  }

  /** Makes all of `ids` members, as far as a client tells them apart. */
  addAll(ids: readonly number[]): void {
    for (const id of ids) if (id >= 0 && id <= HIGHEST) this.set(id, true);
  }

  /** The members in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (let id = 0; id < 8 * this.#bits.length; id++) if (this.has(id)) yield id;
  }
}

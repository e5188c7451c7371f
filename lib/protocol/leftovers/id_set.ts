const NOTHING: number[] = [];
/** Above every id that leftovers have. */
const HIGHEST = 0x3ff;

/**
 * A set of small whole numbers, one bit each up to the highest there ever was; takes no memory until it has a member. Of an array with
 * 32 bits in each number, since the smallest typed array takes 200 bytes.
 */
export class IdSet implements Iterable<number> {
  #words = NOTHING;

  has(id: number): boolean {
    return ((this.#words[id >> 5] ?? 0) & 1 << (id & 31)) !== 0;
  }

  /** Makes `id` a member, or no member any more. */
  set(id: number, isMember: boolean): void {
    const at = id >> 5;
    const { length } = this.#words;
    if (at >= length) {
      if (!isMember) return;
      this.#words = this.#words.concat(new Array<number>(at + 1 - length).fill(0));
    }
    const bit = 1 << (id & 31);
    const others = (this.#words[at] ?? 0) & ~bit;
    this.#words[at] = isMember ? others | bit : others;
  }

  /** Makes all of `ids` members, as far as a client tells them apart. */
  addAll(ids: readonly number[]): void {
    for (const id of ids) if (id >= 0 && id <= HIGHEST) this.set(id, true);
  }

  /** The members in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (let id = 0; id < 32 * this.#words.length; id++) if (this.has(id)) yield id;
  }
}

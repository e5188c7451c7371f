/** Who is to be woken when: one timer for everybody, since thousands of sessions wait for something that hardly ever comes. */

/** Somebody who is woken at most once at a time. */
export interface Sleeper {
  /** When, in whole milliseconds of `performance.now()`; belongs to {@linkcode Wakes}. `undefined` at first. */
  wakeAt: number | undefined;
  /** Its place in the heap; belongs to {@linkcode Wakes}. */
  wakeSlot: number;
  /** It is time. Must not throw. */
  woken(): void;
}

/** A deadline, at which `woken` is called. */
export class Deadline implements Sleeper {
  wakeAt: number | undefined;
  wakeSlot = 0;
  readonly woken: () => void;

  constructor(woken: () => void) {
    this.woken = woken;
  }
}

/** A binary heap, the earliest first, that knows where each sleeper is. */
export class Wakes {
  readonly #heap: Sleeper[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  /** Sleepers that are to be woken. */
  get size(): number {
    return this.#heap.length;
  }

  /** Wakes `sleeper` at `time` or soon after, from a timer, instead of at any time set before; `Infinity` for not at all. */
  set(sleeper: Sleeper, time: number): void {
    if (sleeper.wakeAt !== undefined) this.#remove(sleeper);
    // V8 keeps any other number as an object.
    sleeper.wakeAt = time === Infinity ? undefined : Math.ceil(time);
    if (time !== Infinity) this.#rise(this.#heap.length, sleeper);
    this.#arm();
  }

  #arm(): void {
    const earliest = timeOf(this.#heap[0]);
    // A timer that is early finds nobody and is set anew, which is cheaper than setting it whenever somebody has second thoughts.
    if (earliest >= this.#timerAt && earliest !== Infinity) return;
    clearTimeout(this.#timer);
    this.#timerAt = earliest;
    if (earliest === Infinity) return;
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, Math.ceil(earliest - performance.now())));
  }

  #ring(): void {
    this.#timerAt = Infinity;
    const now = performance.now();
    const due: Sleeper[] = [];
    for (let first = this.#heap[0]; first !== undefined && timeOf(first) <= now; first = this.#heap[0]) {
      this.#remove(first);
      first.wakeAt = undefined;
      due.push(first);
    }
    for (const sleeper of due) sleeper.woken();
    this.#arm();
  }

  #remove({ wakeSlot }: Sleeper): void {
    const last = this.#heap.pop();
    const gone = this.#heap[wakeSlot];
    if (last === undefined || gone === undefined) return;
    if (timeOf(last) < timeOf(gone)) this.#rise(wakeSlot, last);
    else this.#sink(wakeSlot, last);
  }

  /** Puts `sleeper` at `slot`, or before it as far as it is earlier. */
  #rise(slot: number, sleeper: Sleeper): void {
    const heap = this.#heap;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const other = heap[above];
      if (other === undefined || timeOf(other) <= timeOf(sleeper)) break;
      this.#put(slot, other);
      slot = above;
    }
    this.#put(slot, sleeper);
  }

  /** Puts `sleeper` at `slot`, or behind it as far as it is later. */
  #sink(slot: number, sleeper: Sleeper): void {
    const heap = this.#heap;
    for (;;) {
      const left = 2 * slot + 1;
      const right = left + 1;
      const below = timeOf(heap[right]) < timeOf(heap[left]) ? right : left;
      const other = heap[below];
      if (other === undefined || timeOf(other) >= timeOf(sleeper)) break;
      this.#put(slot, other);
      slot = below;
    }
    this.#put(slot, sleeper);
  }

  #put(slot: number, sleeper: Sleeper): void {
    this.#heap[slot] = sleeper;
    sleeper.wakeSlot = slot;
  }
}

function timeOf(sleeper: Sleeper | undefined): number {
  return sleeper?.wakeAt ?? Infinity;
}

/** Of the whole process. */
export const wakes = new Wakes();

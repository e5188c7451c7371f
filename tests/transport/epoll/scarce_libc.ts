import { EMFILE, Libc } from "../../../lib/transport/epoll/libc.ts";

/** A libc that has few descriptors left, and knows which of those that it gave are open. */
export class ScarceLibc extends Libc {
  readonly open = new Set<number>();
  /** How often epoll may still be told to watch. */
  watches = Infinity;
  #left: number;

  constructor(left: number) {
    super();
    this.#left = left;
  }

  override createEpoll(): number {
    return this.#give(() => super.createEpoll());
  }

  override createSignal(): number {
    return this.#give(() => super.createSignal());
  }

  override socket(family: number, type: number): number {
    return this.#give(() => super.socket(family, type));
  }

  override watch(epoll: number, descriptor: number, events: number, tag: number): number {
    return this.watches-- > 0 ? super.watch(epoll, descriptor, events, tag) : -EMFILE;
  }

  override close(descriptor: number): void {
    if (this.open.delete(descriptor)) this.#left++;
    super.close(descriptor);
  }

  #give(make: () => number): number {
    if (this.#left === 0) return -EMFILE;
    this.#left--;
    const descriptor = make();
    this.open.add(descriptor);
    return descriptor;
  }
}

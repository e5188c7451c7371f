import { EPOLLET, EpollEvents, EPOLLIN, EPOLLOUT, FOREVER, type Libc } from "../transport/epoll/libc.ts";
import { checked } from "../transport/epoll/system_error.ts";

/** Tells when a descriptor may have become readable or writable. One waits at a time; one owner closes. */
export class Readiness {
  readonly #libc: Libc;
  readonly #epoll: number;
  /** Ends a wait. */
  readonly #alarm: number;
  readonly #events = new EpollEvents(2);
  readonly #opened: DisposableStack;

  /** @throws {Error} where the kernel refuses, e.g. for want of descriptors */
  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    const close = (own: number): void => libc.close(own);
    using opened = new DisposableStack();
    this.#epoll = opened.adopt(checked(libc, libc.createEpoll()), close);
    this.#alarm = opened.adopt(checked(libc, libc.createSignal()), close);
    checked(libc, libc.watch(this.#epoll, descriptor, EPOLLIN | EPOLLOUT | EPOLLET, 0));
    checked(libc, libc.watch(this.#epoll, this.#alarm, EPOLLIN | EPOLLET, 0));
    this.#opened = opened.move();
  }

  /**
   * Resolves when the descriptor has become readable or writable since the last call, or was when nobody had called yet.
   *
   * @throws the reason of `signal` when that aborts
   */
  async change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const wake = (): void => this.#libc.signal(this.#alarm);
    signal.addEventListener("abort", wake);
    await this.#libc.waitElsewhere(this.#epoll, this.#events, FOREVER);
    signal.removeEventListener("abort", wake);
    signal.throwIfAborted();
  }

  /** As {@linkcode change}, but blocks the thread meanwhile, at most that long. Returns whether it has become so. */
  changesWithin(milliseconds: number): boolean {
    return this.#libc.wait(this.#epoll, this.#events, milliseconds) > 0;
  }

  close(): void {
    this.#opened.dispose();
  }
}

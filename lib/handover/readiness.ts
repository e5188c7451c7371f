import { EPOLLET, EpollEvents, EPOLLIN, EPOLLOUT, type Libc } from "../transport/epoll/libc.ts";

/** Tells when a descriptor may have become readable or writable. One waits at a time; one owner closes. */
export class Readiness {
  readonly #libc: Libc;
  readonly #epoll: number;
  /** Ends a wait. */
  readonly #alarm: number;
  readonly #events = new EpollEvents(2);

  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    this.#epoll = libc.createEpoll();
    this.#alarm = libc.createSignal();
    libc.watch(this.#epoll, descriptor, EPOLLIN | EPOLLOUT | EPOLLET, 0);
    libc.watch(this.#epoll, this.#alarm, EPOLLIN | EPOLLET, 0);
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
    await this.#libc.waitLong(this.#epoll, this.#events);
    signal.removeEventListener("abort", wake);
    signal.throwIfAborted();
  }

  close(): void {
    this.#libc.close(this.#epoll);
    this.#libc.close(this.#alarm);
  }
}

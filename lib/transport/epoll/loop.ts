/** One epoll instance on the program's own thread, which takes turns with Deno's event loop. */
import { setImmediate } from "node:timers";
import { EPOLLET, EpollEvents, EPOLLIN, EPOLLOUT, EPOLLRDHUP, FOREVER, type Libc } from "./libc.ts";
import { Nap } from "../nap.ts";
import { checked } from "./system_error.ts";

/** What a descriptor belongs to. */
export interface Watcher {
  /** `events` have happened, as a sum of `EPOLLIN` and the like; told once for each time (edge-triggered). */
  ready(events: number): void;
  /** It is the watcher's turn, which it asked for with {@linkcode EpollLoop.schedule}. */
  turn(): void;
}

/** Events taken up at once. */
const MAX_EVENTS = 512;
/** Milliseconds without an event behind which another thread waits, so that this one is free; an event then costs a change of threads. */
const QUIET_MS = 5;
/**
 * Milliseconds after which Deno looks at its own sockets and timers, however much there is to do. It does so whenever it has nothing to
 * do, but only every 61st turn as long as it has (tokio's `event_interval`). A look costs a change of threads.
 */
const LOOK_MS = 40;
/** The same while there are players whose bytes come through Deno's own sockets. */
const GUESTS_LOOK_MS = 2;
/**
 * Microseconds that another thread sleeps so that this one has nothing to do: where both share a core, one that did not sleep would be
 * done before this one has come to it.
 */
const LOOK_PAUSE_US = 200;
/** What a listener or a signal is watched for: told as long as it lasts. */
const LEVEL = EPOLLIN;
const EDGE = (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) >>> 0;

/**
 * While something happens it waits for events itself, a few milliseconds at most, so that an event costs no change of threads. Once nothing
 * has happened for as long, another thread waits.
 */
export class EpollLoop {
  /** What it, and whatever it watches, calls. */
  readonly libc: Libc;
  readonly #crashed: (error: unknown) => void;
  readonly #epoll: number;
  readonly #signal: number;
  readonly #events = new EpollEvents(MAX_EVENTS);
  readonly #opened: DisposableStack;
  /** By descriptor. */
  readonly #watchers: (Watcher | undefined)[] = [];
  /** By descriptor: how often its number was watched, which tells a new one from an old one. */
  #tags = new Uint32Array(1024);
  #scheduled: Watcher[] = [];
  readonly #nap = new Nap(0);
  #isDrowsy = false;
  #guests = 0;
  #hasStirred = false;
  #now = performance.now();
  /** Whether another thread waits, and does so until it is woken. */
  #isAsleep = false;
  #isClosed = false;
  readonly #running: Promise<void>;

  /**
   * @param crashed Told what a watcher throws, which costs the others nothing.
   * @throws {Error} where the kernel refuses, e.g. for want of descriptors
   */
  constructor(libc: Libc, crashed: (error: unknown) => void) {
    this.libc = libc;
    this.#crashed = crashed;
    const close = (own: number): void => libc.close(own);
    using opened = new DisposableStack();
    this.#epoll = opened.adopt(checked(libc, libc.createEpoll()), close);
    this.#signal = opened.adopt(checked(libc, libc.createSignal()), close);
    this.watch(this.#signal, { ready: () => libc.clearSignal(this.#signal), turn: () => {} }, "level");
    this.#opened = opened.move();
    this.#running = this.#run();
  }

  /**
   * Tells `watcher` what happens to `descriptor`, until {@linkcode forget}.
   *
   * @param how `"level"` tells for as long as it lasts that there is something to read; `"edge"` tells once whatever happens.
   * @throws {Error} where the kernel refuses, e.g. for want of memory
   */
  watch(descriptor: number, watcher: Watcher, how: "edge" | "level" = "edge"): void {
    if (descriptor >= this.#tags.length) {
      const larger = new Uint32Array(Math.max(2 * this.#tags.length, descriptor + 1));
      larger.set(this.#tags);
      this.#tags = larger;
    }
    const tag = ((this.#tags[descriptor] ?? 0) + 1) >>> 0;
    checked(this.libc, this.libc.watch(this.#epoll, descriptor, how === "edge" ? EDGE : LEVEL, tag));
    this.#tags[descriptor] = tag;
    this.#watchers[descriptor] = watcher;
  }

  /** Tells another watcher from now on, which cannot know what the one before was told. */
  reassign(descriptor: number, watcher: Watcher): void {
    this.#watchers[descriptor] = watcher;
  }

  /** Tells no more of a descriptor that is going to be closed. */
  forget(descriptor: number): void {
    this.#watchers[descriptor] = undefined;
  }

  /** Tells no more of a descriptor that stays open. */
  unwatch(descriptor: number): void {
    this.forget(descriptor);
    this.libc.unwatch(this.#epoll, descriptor);
  }

  /** Gives `watcher` a turn once everybody else had one. */
  schedule(watcher: Watcher): void {
    this.#scheduled.push(watcher);
    if (this.#isAsleep) this.libc.signal(this.#signal);
  }

  /** Ends. Resolves when no thread waits any more. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.libc.signal(this.#signal);
    await this.#running;
    this.#opened.dispose();
  }

  /** Gives Deno's event loop its turn as soon as everybody was told: there are promises to be gone on with. */
  stir(): void {
    this.#hasStirred = true;
  }

  /** When the events or turns that are being told were taken up, in milliseconds of `performance.now()`, which costs more than most packets. */
  get now(): number {
    return this.#now;
  }

  /** Lets what comes piece by piece gather for a moment once everybody had a turn. */
  doze(): void {
    this.#isDrowsy = true;
  }

  /** Somebody's bytes come through Deno's own sockets, as from TLS: they are looked at more often until what is returned is called. */
  host(): () => void {
    this.#guests++;
    return () => this.#guests--;
  }

  /** Fails only by a mistake in this file or `libc.ts`. That ends the program, as nobody would be told anything any more. */
  async #run(): Promise<void> {
    let [heardAt, lookedAt] = [this.#now, this.#now];
    while (!this.#isClosed) {
      const hadTurns = this.#takeTurns();
      if (this.#isDrowsy) this.#nap.take();
      this.#isDrowsy = false;
      const lookAt = lookedAt + (this.#guests > 0 ? GUESTS_LOOK_MS : LOOK_MS);
      const isBusy = this.#scheduled.length > 0;
      const patience = isBusy ? 0 : Math.min(Math.max(Math.ceil(lookAt - this.#now), 1), QUIET_MS);
      const count = checked(this.libc, this.libc.wait(this.#epoll, this.#events, patience));
      this.#tell(count);
      if (count > 0 || hadTurns || isBusy) heardAt = this.#now;
      if (this.#now - heardAt >= QUIET_MS) {
        await this.#sleep();
        heardAt = lookedAt = this.#now;
      } else if (this.#now >= lookAt) {
        await this.libc.sleepElsewhere(LOOK_PAUSE_US);
        lookedAt = performance.now();
      } else if (this.#hasStirred) {
        await immediate();
      } else {
        continue;
      }
      this.#hasStirred = false;
    }
  }

  /** Leaves the waiting to another thread, so that this one is free for Deno's own work, until something is heard. */
  async #sleep(): Promise<void> {
    this.#isAsleep = true;
    if (this.#scheduled.length > 0) this.libc.signal(this.#signal);
    const count = await this.libc.waitElsewhere(this.#epoll, this.#events, FOREVER);
    this.#isAsleep = false;
    this.#tell(count);
  }

  #tell(count: number): void {
    this.#now = performance.now();
    for (let index = 0; index < count; index++) {
      const descriptor = this.#events.descriptor(index);
      // The number may belong to another by now, since whoever was told before may have closed and opened any.
      if (this.#events.tag(index) !== this.#tags[descriptor]) continue;
      try {
        this.#watchers[descriptor]?.ready(this.#events.flags(index));
      } catch (error) {
        this.#crashed(error);
      }
    }
  }

  #takeTurns(): boolean {
    const scheduled = this.#scheduled;
    if (scheduled.length === 0) return false;
    this.#scheduled = [];
    this.#now = performance.now();
    for (const watcher of scheduled) {
      try {
        watcher.turn();
      } catch (error) {
        this.#crashed(error);
      }
    }
    return true;
  }
}

/** Resolves when Deno's event loop has looked at everything else. */
function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The deadlines of a session's parts, over the one wake-up that its driver gives it. */
import type { SessionPort } from "./port.ts";

const NONE: readonly Alarm[] = [];

/** All alarms of one session. */
export class Alarms {
  readonly #port: Pick<SessionPort, "now" | "wake">;
  /** Those that are set; another array whenever there are others. */
  #set: readonly Alarm[] = NONE;
  #wakeAt = Infinity;
  #ringing = false;

  constructor(port: Pick<SessionPort, "now" | "wake">) {
    this.#port = port;
  }

  /** Rings every alarm whose time has come. */
  ring(): void {
    const now = this.#port.now();
    this.#wakeAt = Infinity;
    this.#ringing = true;
    for (const alarm of this.#set) alarm.ring(now);
    this.#ringing = false;
    this.#wake();
  }

  /** Clears every alarm. */
  clear(): void {
    for (const alarm of this.#set) alarm.clear();
  }

  /** An alarm was set or cleared. */
  changed(alarm: Alarm): void {
    const at = this.#set.indexOf(alarm);
    // Arrays of just their size: those that grow, or are spread, have room for many more.
    if (alarm.time === Infinity) this.#set = at < 0 ? this.#set : without(this.#set, at);
    else if (at < 0) this.#set = this.#set.concat(alarm);
    if (!this.#ringing) this.#wake();
  }

  #wake(): void {
    let earliest = Infinity;
    for (const { time } of this.#set) if (time < earliest) earliest = time;
    if (earliest === this.#wakeAt) return;
    this.#wakeAt = earliest;
    this.#port.wake(earliest);
  }
}

function without(alarms: readonly Alarm[], at: number): readonly Alarm[] {
  return alarms.length === 1 ? NONE : alarms.slice(0, at).concat(alarms.slice(at + 1));
}

/** One deadline: rings once at its time, unless it is cleared or set anew before. */
export class Alarm {
  readonly #alarms: Alarms;
  readonly #ring: (now: number) => void;
  #time = Infinity;

  constructor(alarms: Alarms, ring: (now: number) => void) {
    this.#alarms = alarms;
    this.#ring = ring;
  }

  /** When it rings; `Infinity` while it is not set. */
  get time(): number {
    return this.#time;
  }

  /** Rings at `time`, instead of any time set before. */
  set(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#alarms.changed(this);
  }

  clear(): void {
    this.set(Infinity);
  }

  /** Milliseconds from `now` until it rings, below 0 where it is late; `undefined` while it is not set. */
  leftAt(now: number): number | undefined {
    return this.#time === Infinity ? undefined : this.#time - now;
  }

  /** Rings `ms` milliseconds from `now`, or not at all where that is `undefined`: the reverse of {@linkcode leftAt}. */
  setIn(ms: number | undefined, now: number): void {
    this.set(ms === undefined ? Infinity : now + ms);
  }

  /** Rings, if its time has come by `now`. */
  ring(now: number): void {
    if (now < this.#time) return;
    this.clear();
    this.#ring(now);
  }
}

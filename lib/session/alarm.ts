/** The deadlines of a session's parts, over the one wake-up that its driver gives it. */
import type { SessionPort } from "./port.ts";

const NONE: readonly Bell[] = [];

/** All alarms of one session. */
export class Alarms {
  readonly #port: Pick<SessionPort, "now" | "wake">;
  /** Those that are set; another array whenever there are others. */
  #set: readonly Bell[] = NONE;
  #wakeAt: number | undefined;
  #ringing = false;

  constructor(port: Pick<SessionPort, "now" | "wake">) {
    this.#port = port;
  }

  /** Rings every alarm whose time has come. */
  ring(): void {
    const now = this.#port.now();
    this.#wakeAt = undefined;
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
  changed(alarm: Bell): void {
    const at = this.#set.indexOf(alarm);
    // Arrays of just their size: those that grow, or are spread, have room for many more.
    if (alarm.time === Infinity) this.#set = at < 0 ? this.#set : without(this.#set, at);
    else if (at < 0) this.#set = this.#set.concat(alarm);
    if (!this.#ringing) this.#wake();
  }

  #wake(): void {
    let earliest = Infinity;
    for (const { time } of this.#set) if (time < earliest) earliest = time;
    const wakeAt = earliest === Infinity ? undefined : earliest;
    if (wakeAt === this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    this.#port.wake(earliest);
  }
}

function without(alarms: readonly Bell[], at: number): readonly Bell[] {
  return alarms.length === 1 ? NONE : alarms.slice(0, at).concat(alarms.slice(at + 1));
}

/** One deadline: rings once at its time, unless it is cleared or set anew before. */
export abstract class Bell {
  readonly #alarms: Alarms;
  /** In whole milliseconds, since V8 keeps any other number as an object; `undefined` while it is not set. */
  #time: number | undefined;

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  /** Its time has come. */
  abstract rung(now: number): void;

  /** When it rings; `Infinity` while it is not set. */
  get time(): number {
    return this.#time ?? Infinity;
  }

  /** Rings at `time` or less than a millisecond later, instead of any time set before. */
  set(time: number): void {
    const whole = time === Infinity ? undefined : Math.ceil(time);
    if (whole === this.#time) return;
    this.#time = whole;
    this.#alarms.changed(this);
  }

  clear(): void {
    this.set(Infinity);
  }

  /** Milliseconds from `now` until it rings, below 0 where it is late; `undefined` while it is not set. */
  leftAt(now: number): number | undefined {
    return this.#time === undefined ? undefined : this.#time - now;
  }

  /** Rings `ms` milliseconds from `now`, or not at all where that is `undefined`: the reverse of {@linkcode leftAt}. */
  setIn(ms: number | undefined, now: number): void {
    this.set(ms === undefined ? Infinity : now + ms);
  }

  /** Rings, if its time has come by `now`. */
  ring(now: number): void {
    if (now < this.time) return;
    this.clear();
    this.rung(now);
  }
}

/** A deadline that calls a function. */
export class Alarm extends Bell {
  readonly #ring: (now: number) => void;

  constructor(alarms: Alarms, ring: (now: number) => void) {
    super(alarms);
    this.#ring = ring;
  }

  override rung(now: number): void {
    this.#ring(now);
  }
}

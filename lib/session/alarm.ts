/** The deadlines of a session's parts, over the one wake-up that its driver gives it. */
import type { SessionPort } from "./port.ts";

/** All alarms of one session. */
export class Alarms {
  readonly #port: Pick<SessionPort, "now" | "wake">;
  readonly #set = new Set<Alarm>();
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
    for (const alarm of [...this.#set]) alarm.ring(now);
    this.#ringing = false;
    this.#wake();
  }

  /** Clears every alarm. */
  clear(): void {
    for (const alarm of [...this.#set]) alarm.clear();
  }

  /** An alarm was set or cleared. */
  changed(alarm: Alarm): void {
    if (alarm.time === Infinity) this.#set.delete(alarm);
    else this.#set.add(alarm);
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

  /** Rings, if its time has come by `now`. */
  ring(now: number): void {
    if (now < this.#time) return;
    this.clear();
    this.#ring(now);
  }
}

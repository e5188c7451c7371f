import { cpuBetween, type ProcessTime, readBusyTime, readProcessTime, readResidentBytes } from "./accounting.ts";

/** What was used between {@linkcode Meter.start} and {@linkcode Meter.stop}. */
export interface Usage {
  /** Seconds that passed. */
  readonly seconds: number;
  /** CPU seconds of the peer. */
  readonly peer: number;
  /** CPU seconds of the generator. */
  readonly generator: number;
  /** CPU seconds of everything else on the machine. */
  readonly others: number;
}

/** Of a process before it was started. */
const UNBORN: ProcessTime = { ticked: 0, threads: new Map() };

interface Reading {
  readonly at: number;
  readonly busy: number;
  readonly peer: ReadonlyMap<number, ProcessTime>;
  readonly generator: ProcessTime;
}

/** Reads what the peer's processes use. */
export class Meter {
  readonly #processes: () => readonly number[];
  #start: Reading | undefined;
  #usage: Usage | undefined;

  /** @param processes Tells the peer's processes; none when there is no peer. */
  constructor(processes: () => readonly number[]) {
    this.#processes = processes;
  }

  /** The last usage measured. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  start(): void {
    this.#start = this.#read();
  }

  /** Use since {@linkcode start}. */
  stop(): Usage {
    const start = this.#start;
    if (start === undefined) throw new Error("Cannot stop a meter: it was not started");
    const end = this.#read();
    const generator = cpuBetween(start.generator, end.generator);
    let peer = 0;
    for (const [pid, time] of end.peer) {
      peer += cpuBetween(start.peer.get(pid) ?? UNBORN, time);
    }
    const others = Math.max(end.busy - start.busy - generator - peer, 0);
    this.#usage = { seconds: (end.at - start.at) / 1000, peer, generator, others };
    return this.#usage;
  }

  /** CPU seconds that the peer has used since it was started. */
  cpuSoFar(): number {
    return this.#read().peer.values().reduce((sum, time) => sum + cpuBetween(UNBORN, time), 0);
  }

  /** Resident bytes of the peer now. */
  residentBytes(): number {
    return readResidentBytes(this.#processes());
  }

  #read(): Reading {
    const peer = new Map(this.#processes().map((pid) => [pid, readProcessTime(pid)]));
    return { at: performance.now(), busy: readBusyTime(), peer, generator: readProcessTime(Deno.pid) };
  }
}

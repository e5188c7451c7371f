import { eventually } from "../../harness/kernel.ts";
import type { Program } from "../../harness/program.ts";
import type { AdminAnswer } from "../admin_calls.ts";
import { Diary } from "./diary.ts";

/** Milliseconds in which somebody must be there to answer. */
const PATIENCE = { timeoutMs: 20_000 };

/** The program and whatever processes take its place, as operators know them. Disposing ends the last of them, not the program. */
export class Edge implements AsyncDisposable {
  readonly program: Program;
  readonly diary: Diary;

  constructor(program: Program) {
    this.program = program;
    this.diary = new Diary(program);
  }

  /** The process that is the edge now. */
  get pid(): number {
    return this.diary.read().pid ?? this.program.pid;
  }

  /** Looks at `path` of the admin API. */
  ask<T>(path: string): Promise<AdminAnswer<T>> {
    return this.#fetch(path);
  }

  /** Orders `path`. */
  order<T>(path: string, body: unknown = {}): Promise<AdminAnswer<T>> {
    return this.#fetch(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** The metrics in their text format. */
  async metrics(): Promise<string> {
    return await (await fetch(`${this.diary.read().admin}/metrics`)).text();
  }

  /** Players on all listeners, as the metrics count them. */
  async countedPlayers(): Promise<number> {
    const counts = (await this.metrics()).matchAll(/^kurafuto_players\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Bytes of memory that the process of now holds. */
  async residentBytes(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Descriptors that the process of now has open. */
  async descriptors(): Promise<number> {
    return (await Array.fromAsync(Deno.readDir(`/proc/${this.pid}/fd`))).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this;
    if (pid === this.program.pid) return;
    Deno.kill(pid, "SIGTERM");
    await eventually(() => !isRunning(pid), `the end of process ${pid}`, PATIENCE);
  }

  /** Asks again where nobody answers, as when the API is on its way from one process to the next. */
  async #fetch<T>(path: string, init: RequestInit = {}): Promise<AdminAnswer<T>> {
    return await eventually(
      async () => {
        try {
          const response = await fetch(`${this.diary.read().admin}${path}`, init);
          return { status: response.status, body: await response.json() };
        } catch (error) {
          if (error instanceof TypeError) return undefined;
          throw error;
        }
      },
      `an answer to ${path}`,
      PATIENCE,
    );
  }
}

function isRunning(pid: number): boolean {
  try {
    Deno.readTextFileSync(`/proc/${pid}/status`);
    return true;
  } catch {
    return false;
  }
}

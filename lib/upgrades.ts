/** Upgrades, one at a time: from the order to the answer that the operator reads. */
import type { Answer } from "./admin/control.ts";
import type { HandoverGiver } from "./handover/giving.ts";
import type { Handed, Heir } from "./handover/heir.ts";
import { SocketDoor } from "./handover/socket_door.ts";
import { startSuccessor, successorProgram } from "./handover/successor.ts";
import { Upgrade } from "./handover/upgrade.ts";
import { logUpgrade, logUpgradeRefused } from "./observe/edge_log.ts";
import type { Log } from "./observe/log.ts";
import { Libc } from "./transport/epoll/libc.ts";

export interface UpgradesOptions {
  readonly giver: HandoverGiver;
  readonly log: Log;
  /** Where the new process finds this one. */
  readonly dataDir: () => string;
  /** Sessions that are here. */
  readonly sessions: () => number;
  /** Called when another process has taken over. */
  readonly succeeded: (heir: Heir) => void;
}

/** See the file's first line. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #closing = new AbortController();
  #running: Promise<Answer> | undefined;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Whether another process is being started or takes over. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** @param to Absolute path of an executable; `undefined` for the one that runs now. */
  async upgrade(to: string | undefined): Promise<Answer> {
    if (this.#running !== undefined) return this.#refuse("another upgrade is under way");
    this.#running = this.#upgrade(to);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Upgrades no more: one that is under way is given up, unless it is too late for that. Resolves when it is over. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the edge is stopping"));
    await this.#running;
  }

  async #upgrade(to: string | undefined): Promise<Answer> {
    const { giver, log, dataDir, succeeded } = this.#options;
    const upgrade = new Upgrade({
      giver,
      openDoor: () => new SocketDoor(new Libc(), dataDir()),
      start: (path) => {
        const program = successorProgram(to, Deno.statSync(path).uid);
        log.info("upgrade", "another process is started, which is to take over", { path: program.path });
        return startSuccessor(program, path);
      },
      signal: this.#closing.signal,
    });
    const outcome = await upgrade.run();
    if (outcome.kind === "refused") return this.#refuse(outcome.why);
    const { heir, handed } = outcome;
    logUpgrade(log, { pid: heir.pid, ...handed });
    succeeded(heir);
    return { kind: "done", message: this.#told(heir.pid, handed) };
  }

  #refuse(why: string): Answer {
    logUpgradeRefused(this.#options.log, why);
    return { kind: "refused", message: `Cannot upgrade, and everything goes on as before: ${why}` };
  }

  #told(pid: number, { count }: Handed): string {
    const staying = this.#options.sessions();
    const rest = staying === 0 ? "" : `; ${sessionCount(staying)} cannot and ${staying === 1 ? "drains" : "drain"}`;
    return `process ${pid} has taken over: ${sessionCount(count)} went over${rest}`;
  }
}

function sessionCount(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}

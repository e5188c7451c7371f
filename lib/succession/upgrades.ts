/** Upgrades, one at a time: from the order to the answer that the operator reads. */
import type { UpgradeAnswer } from "../admin/control.ts";
import type { HandoverGiver } from "../handover/giving.ts";
import type { Heir } from "../handover/heir.ts";
import type { Refusal } from "../handover/refusing.ts";
import { SocketDoor } from "../handover/socket_door.ts";
import { startSuccessor, successorProgram } from "../handover/successor.ts";
import { Upgrade } from "../handover/upgrade.ts";
import { logUpgrade, logUpgradeRefused } from "../observe/edge_log.ts";
import type { Log } from "../observe/log.ts";
import { Libc } from "../transport/epoll/libc.ts";

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
  #running: Promise<UpgradeAnswer> | undefined;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Whether another process is being started or takes over. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** @param to Absolute path of an executable; `undefined` for the one that runs now. */
  async upgrade(to: string | undefined): Promise<UpgradeAnswer> {
    if (this.#running !== undefined) return this.#refuse({ why: "another upgrade is under way" });
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

  async #upgrade(to: string | undefined): Promise<UpgradeAnswer> {
    const { giver, log, dataDir, sessions, succeeded } = this.#options;
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
    if (outcome.kind === "refused") return this.#refuse(outcome);
    const { heir, handed } = outcome;
    const { pid } = heir;
    logUpgrade(log, { pid, ...handed });
    succeeded(heir);
    const [moved, staying] = [handed.count, sessions()];
    const rest = staying === 0 ? "" : `; ${sessionCount(staying)} cannot and ${staying === 1 ? "drains" : "drain"}`;
    const message = `process ${pid} has taken over: ${sessionCount(moved)} went over${rest}`;
    return { result: "upgraded", message, pid, sessions: moved, staying };
  }

  #refuse({ why, problems }: Refusal): UpgradeAnswer {
    logUpgradeRefused(this.#options.log, why, problems);
    const message = `Cannot upgrade, and everything goes on as before: ${why}`;
    return { result: "refused", message, ...problems && { problems } };
  }
}

function sessionCount(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}

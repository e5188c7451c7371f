/** The program, and the processes that take its place one after the other. */
import { AdminClient } from "../../lib/admin/client.ts";
import { parseEndpoint } from "../../lib/admin/endpoint.ts";
import type { EdgeStatus } from "../../lib/admin/control.ts";
import { eventually } from "../harness/kernel.ts";
import { Program, programCommand, type ProgramOptions } from "../harness/program.ts";

/** What an upgrade may take, of which the program itself allows 25 s. */
const UPGRADE_MS = 40_000;

/** See the file's first line. Disposing stops the last of them. */
export class Lineage implements AsyncDisposable {
  readonly program: Program;
  readonly #socket: string;
  readonly #pids: number[];

  private constructor(program: Program, socket: string) {
    this.program = program;
    this.#socket = socket;
    this.#pids = [program.pid];
  }

  /** @param options `config` without `[admin]`, which is a socket file here. */
  static async start(options: ProgramOptions): Promise<Lineage> {
    const socket = `${await Deno.makeTempDir({ prefix: "kurafuto-test-" })}/admin`;
    const config = `${options.config}\n[admin]\nbind = "unix:${socket}"`;
    const program = await Program.start({ ...options, config });
    await program.until(() => program.lines("admin").length > 0, "the admin API");
    return new Lineage(program, socket);
  }

  /** The process that is the edge now. */
  get pid(): number {
    return this.#pids.at(-1) ?? 0;
  }

  /** Upgrades by the admin API, and waits until the new process has the API too. Returns what the operator reads. */
  async upgrade(to?: string): Promise<string> {
    using client = this.client();
    const answer = await client.upgrade(to);
    if (answer.result === "refused") throw new Error(answer.message);
    await this.#succeeded();
    return answer.message;
  }

  /** Upgrades by the command. Returns what it prints. */
  async command(...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await programCommand(["upgrade", "-c", this.program.path, ...flags]).output();
    if (code !== 0) throw new Error(`Cannot upgrade: ${new TextDecoder().decode(stderr)}`);
    await this.#succeeded();
    return new TextDecoder().decode(stdout);
  }

  /** Has the process upgrade by a signal. */
  async signal(): Promise<void> {
    Deno.kill(this.pid, "SIGUSR2");
    await this.#succeeded();
  }

  /** Tries to upgrade, which must not succeed. Returns why it does not. */
  async refused(to?: string): Promise<string> {
    using client = this.client();
    const answer = await client.upgrade(to);
    if (answer.result === "refused") return [answer.message, ...answer.problems ?? []].join("\n");
    throw new Error(`Cannot upgrade in vain: ${answer.message}`);
  }

  async status(): Promise<EdgeStatus> {
    using client = this.client();
    return await client.status();
  }

  /** Waits until the process before the one of now is gone. */
  async predecessorGone(): Promise<void> {
    const before = this.#pids.at(-2) ?? 0;
    await eventually(() => !isRunning(before), `the end of process ${before}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, program } = this;
    if (pid !== program.pid) {
      Deno.kill(pid, "SIGTERM");
      await eventually(() => !isRunning(pid), `the end of process ${pid}`);
    }
    await program[Symbol.asyncDispose]();
  }

  /** Waits for the outcome of an upgrade in the log, and for the API of the new process. */
  async #succeeded(): Promise<void> {
    const { program } = this;
    const count = this.#pids.length;
    const { pid } = await program.until(() => program.lines("upgraded")[count - 1], `upgrade ${count}`, {
      timeoutMs: UPGRADE_MS,
    });
    this.#pids.push(Number(pid));
    await program.until(() => program.lines("admin").length > count, "the admin API of the new process");
  }

  /** A client of the API; the caller disposes of it. */
  client(): AdminClient {
    return new AdminClient(parseEndpoint(`unix:${this.#socket}`), { timeoutMs: UPGRADE_MS });
  }
}

function isRunning(pid: number): boolean {
  try {
    const [, state] = /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return state !== "Z";
  } catch {
    return false;
  }
}

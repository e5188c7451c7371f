import type { BackendDetails, EdgeStatus, ReloadAnswer, ReloadPlan } from "../../lib/admin/control.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import type { Target } from "../harness/link.ts";
import { Program, type ProgramOptions } from "../harness/program.ts";
import { ask, order } from "./admin_calls.ts";
import { Ledger } from "./ledger.ts";
import { type NetworkFile, optionsOf } from "./reload_file.ts";

/** Servers that are always there. Few players on each, because each tells all others what one does. */
export const STEADY: readonly string[] = ["north", "northeast", "southeast", "southwest", "northwest"];
const MAX_PLAYERS = 200;

/** One reload. */
export interface Reload {
  readonly what: string;
  /** What is to have happened before. */
  readonly before?: () => Promise<void>;
  /** What is different in the file from then on. */
  readonly change?: Partial<NetworkFile>;
  /** What is different in what the program is given this time only. */
  readonly spoil?: (options: ProgramOptions) => Partial<ProgramOptions>;
  readonly expected: "applied" | "unchanged" | Refusal;
  /** What must be so afterwards. */
  readonly after?: () => void | Promise<void>;
}

/** A reload that changes nothing. */
export interface Refusal {
  /** What is said about it. */
  readonly problem: RegExp;
  /** What `/v1/plan` says of the same file. */
  readonly plan: ReloadPlan["result"];
}

/** A program whose file changes, and the servers behind it: those that stay, and a fair that comes and goes. */
export class ReloadScene implements AsyncDisposable {
  readonly program: Program;
  /** What all servers got. */
  readonly ledger: Ledger;
  readonly #running: AsyncDisposableStack;
  readonly #servers: ReadonlyMap<string, ClassicServer>;
  #file: NetworkFile;
  #reloads = 0;

  private constructor(
    program: Program,
    ledger: Ledger,
    servers: ReadonlyMap<string, ClassicServer>,
    file: NetworkFile,
    running: AsyncDisposableStack,
  ) {
    this.program = program;
    this.ledger = ledger;
    this.#servers = servers;
    this.#file = file;
    this.#running = running;
  }

  static async open(): Promise<ReloadScene> {
    await using opening = new AsyncDisposableStack();
    const ledger = new Ledger();
    const servers = new Map<string, ClassicServer>();
    for (const name of [...STEADY, "fair"]) {
      const server = await ClassicServer.start({
        name,
        maxPlayers: MAX_PLAYERS,
        onEvent: (event) => ledger.take(name, event),
      });
      servers.set(name, opening.use(server));
    }
    const file: NetworkFile = {
      steady: Object.fromEntries(STEADY.map((name) => [name, servers.get(name)?.address ?? ""])),
      balance: "least-players",
      weight: 1,
      recent: false,
      level: "debug",
      edge: [],
      limits: [],
      health: [],
      side: undefined,
      fair: undefined,
      fairs: undefined,
    };
    const program = opening.use(await Program.start(optionsOf(file)));
    await program.until(() => program.lines("admin").length > 0, "the admin API");
    return new ReloadScene(program, ledger, servers, file, opening.move());
  }

  /** Where the fair listens. */
  get fair(): string {
    return this.#servers.get("fair")?.address ?? "";
  }

  /** How many reloads there were. */
  get reloads(): number {
    return this.#reloads;
  }

  /** Where a listener listens now. */
  async target(listener: string): Promise<Target & { readonly hostname: string; readonly port: number }> {
    const { listeners } = await this.status();
    const [hostname = "", port = ""] = listeners.find(({ name }) => name === listener)?.address.split(":") ?? [];
    return { hostname, port: Number(port) };
  }

  async status(): Promise<EdgeStatus> {
    return (await ask<EdgeStatus>(this.program, "/v1/status")).body;
  }

  /** How many players the edge, its backends' seats and the servers themselves count, on each backend or in all. */
  async headcounts(): Promise<Readonly<Record<"edge" | "seats" | "servers", readonly number[]>>> {
    const { players, sessions } = await this.status();
    const { backends } = (await ask<{ backends: readonly BackendDetails[] }>(this.program, "/v1/backends")).body;
    const there = backends.map(({ name }) => this.#servers.get(name)?.players.length ?? 0);
    return { edge: [players, sessions], seats: backends.map(({ players }) => players), servers: there };
  }

  /** Reloads by a signal and by the API in turn, and checks that exactly that came of it which should. */
  async reload({ what, before, change, spoil, expected, after }: Reload): Promise<void> {
    await before?.();
    const { program } = this;
    const old = await this.status();
    this.#file = { ...this.#file, ...change };
    const options = optionsOf(this.#file);
    await program.rewrite({ ...options, ...spoil?.(options) });
    const { result, lines } = await (this.#reloads++ % 2 === 0 ? this.#reloadByCall() : this.#reloadBySignal());
    const now = await this.status();
    const isApplied = now.config.loadedAt > old.config.loadedAt;
    if (typeof expected === "string") {
      assertEquals([result, now.config.lastReload?.result], [expected, expected], `${what}: ${lines}`);
      assert(isApplied, `${what}: in effect since ${now.config.loadedAt}`);
    } else {
      assertEquals([result, now.config.lastReload?.result], ["refused", "refused"], what);
      assertMatch(lines.join("\n"), expected.problem, what);
      assert(!isApplied, `${what}: in effect since ${now.config.loadedAt}`);
      assertEquals(places(now), places(old), what);
      await this.#assertPlan(expected.plan, what);
      await program.rewrite(options);
    }
    await this.#assertNames(now, what);
    await this.#assertPlan("unchanged", what);
    await after?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }

  async #reloadByCall(): Promise<ReloadAnswer> {
    const { status, body } = await order<ReloadAnswer>(this.program, "/v1/reload");
    assertEquals(status, body.result === "refused" ? 409 : 200);
    return body;
  }

  async #reloadBySignal(): Promise<ReloadAnswer> {
    const { program } = this;
    const [reloads, problems] = [program.lines("reload").length, program.lines("reload-problem").length];
    Deno.kill(program.pid, "SIGHUP");
    const line = await program.until(() => program.lines("reload")[reloads], "the end of a reload");
    const lines = program.lines("reload-problem").slice(problems).map(({ problem }) => String(problem));
    return { result: line.result as ReloadAnswer["result"], lines };
  }

  async #assertPlan(result: ReloadPlan["result"], what: string): Promise<void> {
    const { body } = await ask<ReloadPlan>(this.program, "/v1/plan");
    assertEquals(body.result, result, `${what}: ${JSON.stringify(body)}`);
  }

  /** The listeners and backends are those of the file. */
  async #assertNames({ listeners }: EdgeStatus, what: string): Promise<void> {
    const { side, steady, fair } = this.#file;
    const { backends } = (await ask<{ backends: readonly BackendDetails[] }>(this.program, "/v1/backends")).body;
    assertEquals(listeners.map(({ name }) => name), ["main", ...side === undefined ? [] : ["side"]], what);
    const wanted = [...Object.keys(steady), ...fair === undefined ? [] : ["fair"]];
    assertEquals(backends.map(({ name }) => name), wanted, what);
  }
}

/** Which listeners there are, and where. */
function places({ listeners }: EdgeStatus): readonly string[] {
  return listeners.map(({ name, address }) => `${name} ${address}`);
}

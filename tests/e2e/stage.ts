/** A network of the real program whose configuration is written anew while it runs. */
import type { BackendDetails, ReloadAnswer } from "../../lib/admin/control.ts";
import * as presets from "../../lib/demo/presets.ts";
import { Bot } from "../harness/bot.ts";
import { type LogLine, Program } from "../harness/program.ts";
import { ObservedServer } from "./observed_server.ts";

export const CPE = { extensions: presets.CLASSICUBE };
export const ADMIN = ["[admin]", 'bind = "127.0.0.1:0"'];

/** What a listener of a test is like. */
export interface Part {
  readonly name: string;
  /** @default "127.0.0.1:0" */
  readonly bind?: string;
  /** @default "lobby" */
  readonly pool?: string;
  /** Further lines. */
  readonly lines?: readonly string[];
}

/** The TOML of a listener that asks for no keys. */
export function listener({ name, bind = "127.0.0.1:0", pool = "lobby", lines = [] }: Part): readonly string[] {
  return ["[[listener]]", `name = "${name}"`, `bind = "${bind}"`, `pool = "${pool}"`, 'auth = "off"', ...lines];
}

/** The TOML of a backend. */
export function backend(name: string, { address }: ObservedServer, ...lines: readonly string[]): readonly string[] {
  return ["[[backend]]", `name = "${name}"`, `address = "${address}"`, ...lines];
}

/** The TOML of a pool. */
export function pool(name: string, backends: readonly string[], ...lines: readonly string[]): readonly string[] {
  return ["[[pool]]", `name = "${name}"`, `backends = [${backends.map((it) => `"${it}"`).join(", ")}]`, ...lines];
}

/** All these lines as one text. */
export function toml(...parts: readonly (readonly string[])[]): string {
  return parts.flat().join("\n");
}

/** Two servers behind the program, whose listener "main" leads to the first. */
export class Stage implements AsyncDisposable {
  readonly program: Program;
  readonly hub: ObservedServer;
  readonly arena: ObservedServer;
  readonly #running: AsyncDisposableStack;

  private constructor(program: Program, hub: ObservedServer, arena: ObservedServer, running: AsyncDisposableStack) {
    this.program = program;
    this.hub = hub;
    this.arena = arena;
    this.#running = running;
  }

  static async start(...lines: readonly string[]): Promise<Stage> {
    await using starting = new AsyncDisposableStack();
    const hub = starting.use(await ObservedServer.start({ ...presets.mcgalaxy(), name: "hub" }));
    const arena = starting.use(await ObservedServer.start({ ...presets.mcgalaxy(), name: "arena" }));
    const config = Stage.config(hub, arena, ...lines);
    const program = starting.use(await Program.start({ config }));
    // Both come up behind the listeners.
    for (const [section, event] of [["[heartbeat_absorber]", "absorbing"], ["[admin]", "admin"]] as const) {
      if (config.includes(section)) await program.until(() => program.lines(event).length > 0, section);
    }
    return new Stage(program, hub, arena, starting.move());
  }

  static config(hub: ObservedServer, arena: ObservedServer, ...lines: readonly string[]): string {
    return toml(
      listener({ name: "main" }),
      backend("hub", hub),
      backend("arena", arena),
      pool("lobby", ["hub", "arena"], 'fallback = ["lobby"]'),
      lines,
    );
  }

  /** The configuration of the start, with further lines. */
  config(...lines: readonly string[]): string {
    return Stage.config(this.hub, this.arena, ...lines);
  }

  /** Writes `config` into the file and has it read by HUP. Returns what the log says of the reload. */
  async reload(config: string): Promise<LogLine> {
    await this.program.rewrite({ config });
    return await this.hangUp();
  }

  /** Has the file read by HUP. Returns what the log says of the reload. */
  async hangUp(): Promise<LogLine> {
    const { program } = this;
    const before = program.lines("reload").length;
    Deno.kill(program.pid, "SIGHUP");
    return await program.until(() => program.lines("reload")[before], "the end of the reload");
  }

  /** Has the file read by the admin API. */
  async post(path: string, body?: unknown): Promise<{ readonly status: number; readonly answer: ReloadAnswer }> {
    const init = { method: "POST", ...body !== undefined && { body: JSON.stringify(body) } };
    const response = await fetch(`${this.program.admin}${path}`, init);
    return { status: response.status, answer: await response.json() };
  }

  async get<T>(path: string): Promise<T> {
    return await (await fetch(`${this.program.admin}${path}`)).json();
  }

  /** Names of the backends of now. */
  async backends(): Promise<readonly string[]> {
    const { backends } = await this.get<{ readonly backends: readonly BackendDetails[] }>("/v1/backends");
    return backends.map(({ name }) => name);
  }

  /** A player who is in the world of a server by now. */
  async join(name: string, at = "main"): Promise<Bot> {
    const bot = await Bot.connect(this.program.target(at), { name, ...CPE });
    await bot.joined();
    return bot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** Name of the server whose world a player sees. */
export function serverOf(bot: Bot): string {
  return bot.state.player.serverName;
}

/** Waits until a player is in the world of `server`, and all is well there. */
export async function isIn(bot: Bot, server: string): Promise<void> {
  await bot.until(({ state }) => state.isJoined && state.player.serverName === server, `the world ${server}`);
  await bot.ping();
}

/** The program in front of good and bad servers, and what has to hold after somebody misused it. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { type LogLine, NO_LIMITS, Program } from "../harness/program.ts";
import { type Branch, branches } from "./networks.ts";

/** The servers, each behind a listener of its name. */
const PLACES = {
  hub: { maxPlayers: 200 },
  silent: { onLogin: "silent" },
  garbage: { onLogin: "garbage" },
  endless: { onLogin: "endless-map", maxPlayers: 200, mapDelayMs: 20 },
} as const satisfies Record<string, ClassicServerOptions>;

type Place = keyof typeof PLACES;

/** A second way to the hub. */
const RAW_LISTENER = [
  "[[listener]]",
  'name = "raw"',
  'bind = "127.0.0.1:0"',
  'mode = "raw"',
  'pool = "hub-pool"',
  'auth = "off"',
].join("\n");

/** Checks come at the start only, so that every connection that is seen is a player's. */
const CHECKED_ONCE = '[health]\ninterval = "1h"';

const PLACE_NAMES: readonly Place[] = ["hub", "silent", "garbage", "endless"];
const JOINS = 5;
/** How much longer a join may take than before, on a machine that has other things to do. */
const SLOWER = 5;
const NOISE_MS = 250;

/** See the file's first line. One bot plays all the time. */
export class Town implements AsyncDisposable {
  readonly program: Program;
  readonly servers: Readonly<Record<Place, ClassicServer>>;
  /** Plays in the hub, and must never be disturbed. */
  readonly witness: Bot;
  #joinMs = 0;
  #descriptors = 0;
  #ended = 0;

  private constructor(program: Program, servers: Readonly<Record<Place, ClassicServer>>, witness: Bot) {
    this.program = program;
    this.servers = servers;
    this.witness = witness;
  }

  /**
   * @param loginMs Milliseconds a login may take.
   * @param others Further backends, each behind a listener of its name.
   */
  static async start(loginMs: number, others: readonly Branch[] = []): Promise<Town> {
    const [hub, silent, garbage, endless] = await Promise.all([
      ClassicServer.start(PLACES.hub),
      ClassicServer.start(PLACES.silent),
      ClassicServer.start(PLACES.garbage),
      ClassicServer.start(PLACES.endless),
    ]);
    const servers = { hub, silent, garbage, endless };
    const places = PLACE_NAMES.map((name) => ({ name, address: servers[name].address }));
    const config = [branches([...places, ...others], ["join_rate = 10_000"]), RAW_LISTENER, CHECKED_ONCE];
    const program = await Program.start({
      config: [...config, "[limits]", ...NO_LIMITS, `login_timeout = "${loginMs}ms"`].join("\n"),
    });
    const isChecked = (): boolean => PLACE_NAMES.every((name) => servers[name].connections.accepted > 0);
    await eventually(isChecked, "a check of every server");
    const witness = await Bot.connect(program.target("hub"), { name: "Witness", extensions: CLASSICUBE });
    await witness.joined();
    const town = new Town(program, servers, witness);
    await town.#measure();
    return town;
  }

  /** Where a listener listens: that in front of a server, or "raw". */
  target(place: string): ReturnType<Program["target"]> {
    return this.program.target(place);
  }

  /** Waits for the next connection to end, and returns its line. */
  async nextEnd(): Promise<LogLine> {
    return await this.program.ended(++this.#ended);
  }

  /** Waits until `count` connections more have ended. */
  async nextEnds(count: number): Promise<void> {
    this.#ended += count;
    const isOver = (): boolean => this.program.endings.length >= this.#ended;
    await this.program.until(isOver, `${this.#ended} ended connections`, { timeoutMs: 30_000 });
  }

  /** What became of a session's player before they were in the waiting room, and why they came there. */
  story(session: unknown): readonly string[] {
    const told = this.program.log.filter((line) => line.session === session).flatMap((line) => {
      switch (line.event) {
        case "refused":
          return [`refused by ${line.server}: ${line.cause}`];
        case "lost":
          return [`lost by ${line.server}, ${line.reason}: ${line.detail}`];
        case "waiting":
          return [`waiting: ${line.cause}`];
        default:
          return [];
      }
    });
    return told.slice(0, told.findIndex((event) => event.startsWith("waiting")) + 1);
  }

  /** Checks that the next player joins as fast as ever, and that the witness plays on. */
  async assertQuick(): Promise<void> {
    const joinMs = await this.#join();
    assert(joinMs <= SLOWER * this.#joinMs + NOISE_MS, `joined in ${joinMs} ms, before in ${this.#joinMs} ms`);
    await this.witness.ping();
    assertEquals(this.witness.violations, []);
  }

  /** Checks that nothing is left of those who were there, and that nobody else has noticed. */
  async assertUnharmed(): Promise<void> {
    await this.assertQuick();
    await this.settled();
    assertEquals(this.program.endings.length, this.#ended);
    assertEquals(this.program.lines("crashed"), []);
  }

  /** Waits until all descriptors but those of the start are closed. */
  async settled(): Promise<void> {
    await eventually(
      async () => await this.program.descriptors() === this.#descriptors,
      "the descriptors of the start",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.witness[Symbol.asyncDispose]();
    await this.program[Symbol.asyncDispose]();
    for (const name of PLACE_NAMES) await this.servers[name].kill();
  }

  /** Remembers how long a join takes as long as all is well. */
  async #measure(): Promise<void> {
    const times: number[] = [];
    for (let i = 0; i < JOINS; i++) times.push(await this.#join());
    this.#joinMs = times.toSorted((a, b) => a - b)[JOINS >> 1] ?? 0;
    this.#descriptors = await this.program.settledDescriptors();
  }

  /** Joins the hub, leaves it again, and says how many milliseconds it took to stand in its world. */
  async #join(): Promise<number> {
    const start = performance.now();
    const bot = await Bot.connect(this.target("hub"), { name: "Next", extensions: CLASSICUBE });
    await bot.joined();
    const took = performance.now() - start;
    await bot[Symbol.asyncDispose]();
    await this.nextEnd();
    return took;
  }
}

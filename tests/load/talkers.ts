import * as presets from "../../lib/demo/presets.ts";
import { assertEquals } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import type { Target } from "../harness/link.ts";
import type { Ledger } from "./ledger.ts";
import { Talker } from "./talker.ts";

const CLIENTS: readonly BotOptions[] = [
  { extensions: presets.CLASSICUBE },
  { extensions: presets.MCGALAXY },
  { extensions: presets.CLASSICUBE },
  { protocol: 7 },
  { extensions: presets.CLASSICBORNE },
  { extensions: presets.CLASSICUBE.without("TwoWayPing") },
  { protocol: 5 },
];
/** Connections that are made at a time. */
const AT_A_TIME = 50;
/** Each player takes a step and says a line once in this many milliseconds. */
const ROUND_MS = 3_000;
/** One in so many goes where it is told to; the others stay where they are. */
const ROVER_EVERY = 10;
const WAIT_MS = 30_000;
/** Milliseconds after the last line until it is known everywhere. */
const HUSH_MS = 10_000;

/** Many players who talk all the time: those who stay miss nothing that is said where they are, and nobody's words are lost. */
export class Talkers implements AsyncDisposable {
  readonly all: readonly Talker[];
  /** Those who go elsewhere now and then. */
  readonly rovers: readonly Talker[];
  /** Where each of the others has been from the start. */
  readonly #homes: ReadonlyMap<Talker, string>;
  #roundTrips: number[] = [];
  /** Lines that have not come back yet. */
  readonly #outstanding = new Set<Promise<void>>();
  readonly #faults: string[] = [];

  private constructor(all: readonly Talker[]) {
    this.all = all;
    this.rovers = all.filter((_, index) => index % ROVER_EVERY === 0);
    const settlers = all.filter((_, index) => index % ROVER_EVERY !== 0);
    this.#homes = new Map(settlers.map((talker) => [talker, talker.place]));
  }

  /** `count` players join at `target`. */
  static async join(target: Target, count: number): Promise<Talkers> {
    const all: Talker[] = [];
    while (all.length < count) {
      const options = Array.from({ length: Math.min(AT_A_TIME, count - all.length) }, (_, index) => {
        const number = all.length + index;
        return { ...CLIENTS[number % CLIENTS.length], name: `T${number}`, timeoutMs: WAIT_MS };
      });
      const coming = await Promise.all(options.map((each) => Bot.connect(target, each)));
      all.push(...coming.map((bot) => new Talker(bot)));
      await Promise.all(coming.map((bot) => bot.joined()));
    }
    return new Talkers(all);
  }

  /** Everybody walks and talks until `isOver`. Resolves when all has come back that should. */
  async talk(isOver: () => boolean): Promise<void> {
    const start = performance.now();
    const { length } = this.all;
    for (let turn = 0; !isOver(); turn++) {
      this.#act(turn);
      const wait = start + (turn + 1) * ROUND_MS / length - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    await Promise.all(this.#outstanding);
  }

  /** How long lines took to come back to those who stay, in milliseconds, since this was asked last. */
  takeRoundTrips(): readonly number[] {
    const taken = this.#roundTrips;
    this.#roundTrips = [];
    return taken;
  }

  /** Waits until the servers have all that was said and done, and those who stay have heard all that was said where they are. */
  async hush(ledger: Ledger): Promise<void> {
    const neighbours = this.#neighbours();
    const isWritten = ({ name, said }: Talker): boolean => ledger.lines(name).flat().length >= said;
    const isQuiet = (): boolean =>
      this.all.every(isWritten) && neighbours.every(([talker, other]) => talker.heard(other.name) >= other.said);
    // What is missing then, the check tells.
    await eventually(isQuiet, "every line heard", { timeoutMs: HUSH_MS }).catch(() => {});
  }

  /** Checks, after {@linkcode hush}, that nothing was lost, repeated or put into another order, and that no rule was broken. */
  assertUnharmed(ledger: Ledger): void {
    const faults = [...this.#faults];
    for (const talker of this.all) {
      const { name, bot, said, repeats } = talker;
      faults.push(...bot.violations.map((violation) => `${name}: ${violation}`), ...repeats);
      const lines = ledger.lines(name);
      const isOrdered = lines.every((numbers) => numbers.every((number, at) => number > (numbers[at - 1] ?? 0)));
      if (!isOrdered) faults.push(`${name}'s lines came in another order: ${JSON.stringify(lines)}`);
      const got = lines.flat().toSorted((a, b) => a - b);
      const isComplete = got.length === said && got.every((number, at) => number === at + 1);
      if (!isComplete) faults.push(`${name} said ${said} lines, servers heard ${got}`);
    }
    for (const [{ name, steps, place }, home] of this.#homes) {
      if (place !== home) faults.push(`${name} went from ${home} to "${place}"`);
      const got = ledger.positions(name);
      if (got !== steps) faults.push(`${name} made ${steps} steps, its server saw ${got}`);
    }
    for (const [talker, other] of this.#neighbours()) {
      const missed = talker.missed(other.name) + other.said - talker.heard(other.name);
      if (missed > 0) faults.push(`${talker.name} missed ${missed} of ${other.name}'s lines`);
    }
    assertEquals(faults, []);
  }

  /** Everybody leaves in order. */
  async leave(): Promise<void> {
    await Promise.all(this.all.map(async ({ bot }) => {
      await bot.halfClose();
      await bot.closed();
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ bot }) => bot[Symbol.asyncDispose]()));
  }

  #act(turn: number): void {
    const talker = this.all[turn % this.all.length];
    if (talker === undefined) return;
    void talker.walk();
    if (this.#homes.has(talker)) this.#converse(talker);
    else talker.say();
  }

  #converse(talker: Talker): void {
    const start = performance.now();
    const coming: Promise<void> = talker.hearsItself(talker.say())
      .then(
        () => void this.#roundTrips.push(performance.now() - start),
        (error) => void this.#faults.push(String(error)),
      )
      .finally(() => this.#outstanding.delete(coming));
    this.#outstanding.add(coming);
  }

  /** Each two of those who stay at one place. */
  #neighbours(): readonly (readonly [Talker, Talker])[] {
    const homes = [...this.#homes];
    return homes.flatMap(([talker, home]) =>
      homes.filter(([, other]) => other === home).map(([other]) => [talker, other] as const)
    );
  }
}

import type { EdgeStatus, ReloadAnswer } from "../../../lib/admin/control.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import type { Random } from "../../harness/chunks.ts";
import { eventually } from "../../harness/kernel.ts";
import type { ProgramOptions } from "../../harness/program.ts";
import type { Edge } from "./edge.ts";
import { type NetworkChange, networkOf, type Servers, UNCHANGED } from "./network.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

type Files = Pick<ProgramOptions, "config"> & Partial<ProgramOptions>;

/** Milliseconds that a reload may take on a machine that is busy. */
const PATIENCE = { timeoutMs: 20_000 };

/** What files cannot be used for, and what is said about it. */
const SPOILT: readonly { readonly problem: RegExp; readonly spoil: (files: Files) => Files }[] = [
  { problem: /"\]\]" is missing/, spoil: ({ config }) => ({ config: `${config}\n[[pool` }) },
  { problem: /inteval/, spoil: ({ config }) => ({ config: `${config}\ninteval = 1` }) },
  { problem: /"nowhere"/, spoil: ({ config }) => ({ config: config.replace('pool = "', 'pool = "nowhere"#') }) },
  { problem: /fall/, spoil: ({ config }) => ({ config: config.replace(/^fall = .*$/m, 'fall = "often"') }) },
  { problem: /data_dir/, spoil: (files) => ({ ...files, dataDir: "/nowhere" }) },
  {
    problem: /admin\.bind/,
    spoil: ({ config }) => ({ config: config.replace(/(\[admin\]\nbind = ").*"/, '$1127.0.0.1:1"') }),
  },
];

/** Reloads of good and bad files, by a signal and by the API; the good ones take effect, the bad ones change nothing and say why. */
export class Reloads implements Trouble {
  readonly tally = new Tally();
  readonly #edge: Edge;
  readonly #servers: Servers;
  readonly #random: Random;
  #change = UNCHANGED;
  /** What is under way, be it a reload or something between two. */
  #turn: Promise<void> = Promise.resolve();

  constructor(edge: Edge, servers: Servers, random: Random) {
    this.#edge = edge;
    this.#servers = servers;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    do {
      await pass(this.#random, 100, 800);
      await this.#inTurn(() => this.#reloadGood());
      await pass(this.#random, 100, 800);
      await this.#inTurn(() => this.#reloadBad());
    } while (!isOver());
    await this.between(async () => {
      this.#change = UNCHANGED;
      await this.#edge.program.rewrite(this.#files());
      await this.#reload();
    });
  }

  /** Does something between two reloads, with the file that is in effect. */
  async between(what: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      await this.#edge.program.rewrite(this.#files());
      await what();
    });
  }

  async #inTurn(what: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(what);
    await this.#turn;
  }

  async #reloadGood(): Promise<void> {
    const random = this.#random;
    const changes: readonly Partial<NetworkChange>[] = [
      { motd: `Number ${random.below(1_000_000)}` },
      { fall: 1 + random.below(4) },
      { weight: 1 + random.below(9) },
      { balance: random.pick(["first", "round-robin", "least-players", "random-two", "hash-name"]) },
      { recent: random.below(2) === 0 },
      { side: !this.#change.side },
    ];
    const before = this.#change;
    this.#change = { ...before, ...random.pick(changes) };
    await this.#edge.program.rewrite(this.#files());
    const expected = JSON.stringify(before) === JSON.stringify(this.#change) ? "unchanged" : "applied";
    assertEquals((await this.#reload()).result, expected);
    this.tally.count(expected);
  }

  async #reloadBad(): Promise<void> {
    const { problem, spoil } = this.#random.pick(SPOILT);
    const before = (await this.#status()).config.loadedAt;
    await this.#edge.program.rewrite(spoil(this.#files()));
    const { result, lines } = await this.#reload();
    assertEquals([result, (await this.#status()).config.loadedAt], ["refused", before], lines.join("; "));
    assert(problem.test(lines.join("; ")), lines.join("; "));
    this.tally.count("refused");
  }

  /** Reloads in one of both ways, and waits until it is over. */
  async #reload(): Promise<ReloadAnswer> {
    const { reloads } = this.#edge.diary.read();
    const before = reloads.length;
    if (this.#random.below(2) === 0) return (await this.#edge.order<ReloadAnswer>("/v1/reload")).body;
    Deno.kill(this.#edge.pid, "SIGHUP");
    await eventually(() => this.#edge.diary.read().reloads.length > before, "the end of a reload", PATIENCE);
    const last = (await this.#status()).config.lastReload;
    assert(last !== undefined);
    return { result: last.result, lines: [last.detail] };
  }

  async #status(): Promise<EdgeStatus> {
    return (await this.#edge.ask<EdgeStatus>("/v1/status")).body;
  }

  #files(): Files {
    return networkOf(this.#servers, this.#change);
  }
}

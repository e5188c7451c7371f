import type { ReloadAnswer } from "../lib/admin/control.ts";
import { parseConfig } from "../lib/config/load.ts";
import type { Config } from "../lib/config/schema.ts";
import { Reloads } from "../lib/reloads.ts";
import { assert, assertEquals, assertMatch } from "./harness/assert.ts";
import { eventually } from "./harness/kernel.ts";
import { minimalToml } from "./config/minimal_toml.ts";

const PATH = "kurafuto.toml";

function toml(motd: string): string {
  return `[edge]\nmotd = "${motd}"\n${minimalToml({})}`;
}

/** Reloads of a file that the test writes, put into effect one by one as far as the test lets them. */
class Bench implements AsyncDisposable {
  readonly answers: ReloadAnswer[] = [];
  /** The messages of the day that were put into effect, in order. */
  readonly applied: string[] = [];
  readonly reloads: Reloads;
  file = toml("first");
  /** What stands in the way of every configuration. */
  obstacle: Error | undefined;
  /** What applying waits for. */
  gate: Promise<void> = Promise.resolve();
  applying = 0;
  most = 0;

  constructor() {
    const load = (): Promise<ReturnType<typeof parseConfig>> =>
      Promise.resolve().then(() => parseConfig(this.file, { path: PATH }));
    this.reloads = new Reloads({
      config: parseConfig(this.file, { path: PATH }).config,
      source: { path: PATH, load },
      apply: (config) => this.#apply(config),
      ended: (answer) => this.answers.push(answer),
    });
  }

  get motd(): string {
    return this.reloads.config.edge.motd;
  }

  async #apply(config: Config): Promise<void> {
    this.most = Math.max(this.most, ++this.applying);
    await this.gate;
    this.applying--;
    if (this.obstacle !== undefined) throw this.obstacle;
    this.applied.push(config.edge.motd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reloads.close();
  }
}

Deno.test("a reload says what it has changed, and one that changes nothing says so", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  assertEquals(await bench.reloads.reload(), {
    result: "applied",
    lines: ['edge changed (motd: "first" -> "second")'],
  });
  assertEquals([bench.motd, (await bench.reloads.reload()).result], ["second", "unchanged"]);
  assertEquals(bench.answers.map(({ result }) => result), ["applied", "unchanged"]);
  assertEquals(bench.reloads.last?.result, "unchanged");
});

Deno.test("certificates and tokens are read anew also where the file is the same", async () => {
  await using bench = new Bench();
  await bench.reloads.reload();
  assertEquals(bench.applied, ["first"]);
});

Deno.test("what cannot be read, cannot change live or cannot be put into effect is refused and changes nothing", async () => {
  await using bench = new Bench();
  const { loadedAt } = bench.reloads;
  const refused = async (file: string, why: RegExp): Promise<void> => {
    bench.file = file;
    const { result, lines } = await bench.reloads.reload(1_000);
    assertEquals([result, bench.motd, bench.reloads.confirmBy], ["refused", "first", undefined]);
    assertMatch(lines.join("\n"), why);
  };
  await refused("[[x", /kurafuto\.toml:1: .*Cannot read table name/);
  await refused(toml("second").replace("motd", 'data_dir = "/elsewhere"\nmotd'), /edge\.data_dir: Cannot change/);
  bench.obstacle = new Error("Cannot bind listener");
  await refused(toml("second"), /^Cannot bind listener$/);
  assertEquals([bench.reloads.loadedAt, bench.applied], [loadedAt, []]);
});

Deno.test("reloads come one after the other, and no more than sixteen wait", async () => {
  await using bench = new Bench();
  const opened = Promise.withResolvers<void>();
  bench.gate = opened.promise;
  bench.file = toml("second");
  const asked = Array.from({ length: 20 }, () => bench.reloads.reload());
  const late = await Promise.all(asked.slice(16));
  assertEquals(
    late.map(({ result, lines }) => [result, lines]),
    Array(4).fill(["refused", ["16 reloads are waiting already"]]),
  );
  opened.resolve();
  const results = (await Promise.all(asked.slice(0, 16))).map(({ result }) => result);
  assertEquals([results.filter((result) => result === "applied").length, bench.most], [1, 1]);
  assertEquals((await bench.reloads.reload()).result, "unchanged");
});

Deno.test("what nobody confirms in time is undone, down to what was confirmed last", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  const { confirmBy } = await bench.reloads.reload(60_000);
  assert(Math.abs(Date.parse(confirmBy ?? "") - Date.now() - 60_000) < 5_000);
  bench.file = toml("third");
  await bench.reloads.reload(1);
  await eventually(() => bench.motd === "first", "the first configuration again");
  assertEquals(bench.applied, ["second", "third", "first"]);
  assertEquals([bench.answers.at(-1)?.result, bench.reloads.confirmBy], ["rolled-back", undefined]);
});

Deno.test("what is confirmed stays, and so does what is loaded after it without asking for confirmation", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(20);
  assertEquals(bench.reloads.confirm().kind, "done");
  assertEquals([bench.reloads.confirm().kind, bench.reloads.confirmBy], ["refused", undefined]);
  bench.file = toml("third");
  await bench.reloads.reload(20);
  bench.file = toml("fourth");
  await bench.reloads.reload();
  assertEquals([bench.reloads.confirmBy, (await bench.reloads.rollBack()).result, bench.motd], [
    undefined,
    "refused",
    "fourth",
  ]);
});

Deno.test("a rollback that cannot be done leaves what is in effect, and says so", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(60_000);
  bench.obstacle = new Error("the port is taken");
  const { result, lines } = await bench.reloads.rollBack();
  assertEquals([result, bench.motd, bench.reloads.confirmBy], ["refused", "second", undefined]);
  assertMatch(lines.join(), /Cannot roll back.*the port is taken/);
});

Deno.test("a plan tells what would happen and does none of it", async () => {
  await using bench = new Bench();
  const result = async (file: string): Promise<string> => {
    bench.file = file;
    return (await bench.reloads.plan()).result;
  };
  assertEquals([
    await result(toml("first")),
    await result(toml("second")),
    await result("[[x"),
    await result(toml("second").replace("motd", 'driver = "deno"\nmotd')),
  ], ["unchanged", "changes", "invalid", "restart"]);
  assertEquals([bench.applied, bench.answers], [[], []]);
});

Deno.test("a file that fails to be read in another way than expected refuses the reload", async () => {
  const reloads = new Reloads({
    config: parseConfig(toml("first"), { path: PATH }).config,
    source: { path: PATH, load: () => Promise.reject(new Error("the disk is gone")) },
    apply: () => Promise.resolve(),
    ended: () => {},
  });
  assertEquals(await reloads.reload(), { result: "refused", lines: ["the disk is gone"] });
  await reloads.close();
  assertEquals((await reloads.reload()).lines, ["the edge is stopping"]);
});

import type { ReloadAnswer } from "../../lib/admin/control.ts";
import { parseConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { Reloads } from "../../lib/edge/reloads.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { minimalToml } from "../config/minimal_toml.ts";

const PATH = "kurafuto.toml";

function toml(motd: string): string {
  return `[edge]\nmotd = "${motd}"\n${minimalToml({})}`;
}

/** Reloads of a file that the test writes, put into effect one by one as far as the test lets them. */
class Bench implements AsyncDisposable {
  readonly answers: ReloadAnswer[] = [];
  /** Why reloads were not even tried. */
  readonly declined: string[] = [];
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
  /** What is new in files that the configuration names. */
  news: readonly string[] = [];

  constructor() {
    const load = (): Promise<ReturnType<typeof parseConfig>> =>
      Promise.resolve().then(() => parseConfig(this.file, { path: PATH }));
    this.reloads = new Reloads({
      config: parseConfig(this.file, { path: PATH }).config,
      source: { path: PATH, load },
      apply: (config) => this.#apply(config),
      ended: (answer) => this.answers.push(answer),
      declined: (why) => this.declined.push(why),
    });
  }

  get motd(): string {
    return this.reloads.config.edge.motd;
  }

  async #apply(config: Config): Promise<readonly string[]> {
    this.most = Math.max(this.most, ++this.applying);
    await this.gate;
    this.applying--;
    if (this.obstacle !== undefined) throw this.obstacle;
    this.applied.push(config.edge.motd);
    return this.news;
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

Deno.test("what is new in them is said, and does not wait to be confirmed as it cannot be undone", async () => {
  await using bench = new Bench();
  bench.news = ["another certificate"];
  assertEquals(await bench.reloads.reload(60_000), { result: "applied", lines: bench.news });
  assertEquals(bench.reloads.confirmBy, undefined);
  bench.file = toml("second");
  assertEquals((await bench.reloads.reload()).lines, ['edge changed (motd: "first" -> "second")', ...bench.news]);
});

Deno.test("what cannot be read, cannot change live or cannot be put into effect is refused and changes nothing", async () => {
  await using bench = new Bench();
  const { loadedAt } = bench.reloads;
  const refused = async (file: string, why: RegExp, blame: Partial<ReloadAnswer>): Promise<void> => {
    bench.file = file;
    const { result, lines, ...rest } = await bench.reloads.reload(1_000);
    assertEquals([result, bench.motd, bench.reloads.confirmBy], ["refused", "first", undefined]);
    assertEquals(rest, blame);
    assertMatch(lines.join("\n"), why);
  };
  await refused("[[x", /kurafuto\.toml:1: .*Cannot read table name/, { badConfig: true });
  await refused(toml("second").replace("motd", 'data_dir = "/elsewhere"\nmotd'), /edge\.data_dir: Cannot change/, {
    badConfig: true,
  });
  bench.obstacle = new Error("Cannot bind listener");
  await refused(toml("second"), /^Cannot bind listener$/, {});
  const address = { kind: "tcp", host: "127.0.0.1", port: 25_566 } as const;
  bench.obstacle = new BindError("listener 'b'", address, new Deno.errors.AddrInUse("in use"));
  const advised = /^Cannot bind listener 'b' to 127\.0\.0\.1:25566: in use \(is another edge running\?\)$/;
  await refused(toml("second"), advised, { temporary: true });
  bench.obstacle = new BindError("listener 'b'", address, new Deno.errors.AddrNotAvailable("elsewhere"));
  await refused(toml("second"), /^Cannot bind listener 'b' to 127\.0\.0\.1:25566: elsewhere$/, {});
  bench.obstacle = new UnusableFileError("log.file '/x'", new Error("no such folder"));
  await refused(toml("second"), /^Cannot use log\.file '\/x': no such folder$/, { badConfig: true });
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
  const before = Date.now();
  const { confirmBy = "" } = await bench.reloads.reload(60_000);
  const began = Date.parse(confirmBy) - 60_000;
  assert(began >= before && began <= Date.now(), confirmBy);
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

Deno.test("what came back by a rollback comes back by the next one, too", async () => {
  await using bench = new Bench();
  for (const motd of ["second", "third"]) {
    bench.file = toml(motd);
    await bench.reloads.reload(60_000);
    await bench.reloads.rollBack();
  }
  assertEquals(bench.applied, ["second", "first", "third", "first"]);
});

Deno.test("a rollback that cannot be done leaves what is in effect, and says so", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(60_000);
  bench.obstacle = new Error("the port is taken");
  const { result, lines } = await bench.reloads.rollBack();
  assertEquals([result, bench.motd, bench.reloads.confirmBy], ["refused", "second", undefined]);
  assertMatch(lines.join(), /configuration of before cannot be put.*: the port is taken/);
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
  bench.file = `${toml("first")}\n[events]\nchat = true`;
  const { problems, warnings = [], ...plan } = await bench.reloads.plan();
  assertEquals([plan.result, problems, warnings.length], ["changes", [], 1]);
  await bench.reloads.close();
  const { next: _, ...closed } = await bench.reloads.plan();
  assertEquals(closed, { result: "stopping", changes: [], problems: ["the edge is stopping"] });
});

Deno.test("a file that fails to be read in another way than expected refuses the reload", async () => {
  const reloads = new Reloads({
    config: parseConfig(toml("first"), { path: PATH }).config,
    source: { path: PATH, load: () => Promise.reject(new Error("the disk is gone")) },
    apply: () => Promise.resolve([]),
    ended: () => {},
    declined: () => {},
  });
  assertEquals(await reloads.reload(), { result: "refused", lines: ["the disk is gone"], badConfig: true });
  await reloads.close();
  assertEquals((await reloads.reload()).lines, ["the edge is stopping"]);
});

Deno.test("a reload of the same file tells what waits to be confirmed, and gives it another time where it is asked to", async () => {
  await using bench = new Bench();
  assertEquals(await bench.reloads.reload(60_000), { result: "unchanged", lines: [] });
  bench.file = toml("second");
  const { confirmBy = "" } = await bench.reloads.reload(60_000);
  assertEquals(await bench.reloads.reload(), { result: "unchanged", lines: [], confirmBy });
  const { result, confirmBy: longer = "" } = await bench.reloads.reload(600_000);
  assertEquals(result, "unchanged");
  assert(Date.parse(longer) - Date.parse(confirmBy) > 500_000, longer);
  assertEquals(new Date(bench.reloads.confirmBy ?? 0).toISOString(), longer);
  await bench.reloads.reload(1);
  await eventually(() => bench.motd === "first", "the first configuration again");
});

Deno.test("a reload of another file that asks for no confirmation says that it confirms what waited", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(60_000);
  bench.file = toml("third");
  assertEquals(await bench.reloads.reload(), {
    result: "applied",
    lines: ['edge changed (motd: "second" -> "third")', "the reload that waited to be confirmed is kept, too"],
  });
});

Deno.test("what is rolled back cannot be confirmed any more", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(60_000);
  const opened = Promise.withResolvers<void>();
  bench.gate = opened.promise;
  const back = bench.reloads.rollBack();
  await eventually(() => bench.applying === 1, "the rollback under way");
  assertEquals([bench.reloads.confirm().kind, bench.reloads.confirmBy], ["refused", undefined]);
  opened.resolve();
  assertEquals([(await back).result, bench.motd], ["rolled-back", "first"]);
});

Deno.test("a reload that is under way when the one before was to be confirmed has the time that it was given", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(20);
  const opened = Promise.withResolvers<void>();
  bench.gate = opened.promise;
  bench.file = toml("third");
  const third = bench.reloads.reload(60_000);
  await eventually(() => bench.applying === 1 && (bench.reloads.confirmBy ?? 0) < Date.now(), "the end of the time");
  await new Promise((resolve) => setTimeout(resolve, 30));
  opened.resolve();
  assertEquals((await third).result, "applied");
  await bench.reloads.plan();
  assertEquals([bench.motd, bench.answers.map(({ result }) => result)], ["third", ["applied", "applied"]]);
});

Deno.test("what nobody confirms is undone also where as many reloads wait as may, and all are told of", async () => {
  await using bench = new Bench();
  bench.file = toml("second");
  await bench.reloads.reload(20);
  const opened = Promise.withResolvers<void>();
  bench.gate = opened.promise;
  bench.file = "[[x";
  const asked = Array.from({ length: 17 }, () => bench.reloads.reload());
  assertEquals((await asked[16])?.lines, ["16 reloads are waiting already"]);
  opened.resolve();
  await Promise.all(asked);
  await eventually(() => bench.motd === "first", "the first configuration again");
  const refused = bench.answers.filter(({ result }) => result === "refused").length;
  assertEquals([refused, bench.declined], [16, ["16 reloads are waiting already"]]);
});

Deno.test("reloads that wait when the edge stops are refused, and the one under way asks for no confirmation", async () => {
  await using bench = new Bench();
  const opened = Promise.withResolvers<void>();
  bench.gate = opened.promise;
  bench.file = toml("second");
  const [first, second] = [bench.reloads.reload(60_000), bench.reloads.reload()];
  await eventually(() => bench.applying === 1, "the first under way");
  const closed = bench.reloads.close();
  opened.resolve();
  await closed;
  assertEquals([(await first).confirmBy, (await second).lines, bench.applied], [
    undefined,
    ["the edge is stopping"],
    ["second"],
  ]);
});

Deno.test("a rollback of nothing is only answered: nothing was read, and what is in effect stays so", async () => {
  await using bench = new Bench();
  assertEquals(await bench.reloads.rollBack(), { result: "refused", lines: ["nothing waits to be confirmed"] });
  assertEquals([bench.answers, bench.declined, bench.reloads.last], [[], [], undefined]);
});

Deno.test("settings without effect are told as warnings, not as changes", async () => {
  await using bench = new Bench();
  bench.file = `[events]\nchat = true\n${minimalToml({})}`;
  const { lines, warnings } = await bench.reloads.reload();
  assertEquals([lines.length, warnings?.length], [2, 1]);
  assertMatch(warnings?.[0] ?? "", /events\.chat/);
});

/** A pool of two backends, both of which die at the same time with everybody on them. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { Program } from "../harness/program.ts";
import { QuietServer } from "../e2e/quiet_server.ts";
import { Witness } from "../e2e/witness.ts";

const PLAYERS = 500;
/** One in so many has CPE, and sees status lines. */
const CPE_EVERY = 25;
const AT_A_TIME = 50;
const JOIN_RATE = 50;
/** Both backends together have room for everybody, one alone has not. */
const MAX_PLAYERS = 260;
/** Logins that may be late and come together with those behind them: a tenth of a second's worth. */
const LATE = JOIN_RATE / 10;
const EDGE = "The edge";
const NAMES = ["north", "south"] as const;
/** Milliseconds until everybody is in the waiting room, and until everybody plays again: five seconds' worth of logins. */
const LOST_MS = 5_000;
const BACK_MS = 30_000;
/** Milliseconds the edge may be busy with the crowd alone. */
const LONGEST_BLOCK_MS = 500;

function networkOf(servers: readonly QuietServer[], witness: string): string {
  return [
    ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "town"', 'auth = "off"'],
    ...["[[pool]]", 'name = "town"', `backends = ${JSON.stringify(NAMES)}`, `join_rate = ${JOIN_RATE}`],
    ...servers.flatMap(({ name, port }) => [
      ...["[[backend]]", `name = "${name}"`, `address = "127.0.0.1:${port}"`, `max_players = ${MAX_PLAYERS}`],
    ]),
    ...["[[listener]]", 'name = "witness"', 'bind = "127.0.0.1:0"', 'pool = "far-pool"', 'auth = "off"'],
    ...["[[pool]]", 'name = "far-pool"', 'backends = ["far"]'],
    ...["[[backend]]", 'name = "far"', `address = "${witness}"`],
    ...["[health]", 'interval = "200ms"', "rise = 1", "fall = 2"],
  ].join("\n");
}

function optionsOf(index: number): BotOptions {
  return { name: `C${index}`, timeoutMs: BACK_MS, ...index % CPE_EVERY === 0 ? { extensions: CLASSICUBE } : {} };
}

/** Waits until everybody stands in a world that says one of `names`. Returns how long that took, in milliseconds. */
async function allIn(bots: readonly Bot[], names: readonly string[], timeoutMs: number): Promise<number> {
  const start = performance.now();
  const isIn = ({ state }: Bot): boolean => state.isJoined && names.includes(state.player.serverName);
  await Promise.all(bots.map((bot) => bot.until(isIn, `a world of ${names.join(" or ")}`, { timeoutMs })));
  return performance.now() - start;
}

/** Waits until one of those in the waiting room reads their place in line. */
async function placeSeen(bots: readonly Bot[]): Promise<void> {
  await Promise.any(
    bots.map((bot) => {
      return bot.until(({ state: { screen: { status } } }) => {
        return [...status.values()].some((line) => /Your place in line: &f\d+$/.test(line));
      }, "a place in line");
    }),
  );
}

Deno.test(`${PLAYERS} players whose backends all die wait, and come back no faster than they may`, async () => {
  await using running = new AsyncDisposableStack();
  const witness = running.use(new Witness());
  const dying = NAMES.map((name) => running.use(new QuietServer(name)));
  const program = running.use(
    await Program.start({
      config: networkOf(dying, await witness.address()),
      edge: [`name = "${EDGE}"`, "max_players = 100000"],
    }),
  );
  await witness.join(program.target("witness"));
  const bots: Bot[] = [];
  while (bots.length < PLAYERS) {
    const next = Array.from({ length: AT_A_TIME }, (_, index) => optionsOf(bots.length + index));
    const coming = await Promise.all(next.map((each) => Bot.connect(program.target(), each)));
    for (const bot of coming) bots.push(running.use(bot));
    await allIn(coming, NAMES, BACK_MS);
  }
  assertEquals(dying.map(({ players }) => players), [MAX_PLAYERS, PLAYERS - MAX_PLAYERS]);

  const joinBlock = await witness.worst();
  await Promise.all(dying.map((server) => server[Symbol.asyncDispose]()));
  const lostMs = await allIn(bots, [EDGE], LOST_MS);
  const lossBlock = await witness.worst();

  const servers = dying.map(({ name, port }) => running.use(new QuietServer(name, port)));
  const cpeBots = bots.filter((_, index) => index % CPE_EVERY === 0);
  const [backMs] = await Promise.all([allIn(bots, NAMES, BACK_MS), placeSeen(cpeBots)]);
  const backBlock = await witness.worst();
  const rates = servers.map(({ mostInASecond }) => mostInASecond);
  console.log(JSON.stringify({ joinBlock, lostMs, lossBlock, backMs, backBlock, rates }));

  assertEquals(servers.reduce((sum, { players }) => sum + players, 0), PLAYERS);
  for (const { most, mostInASecond } of servers) {
    assert(most <= MAX_PLAYERS, `${most} players at a time`);
    assert(mostInASecond <= JOIN_RATE + LATE, `${mostInASecond} logins in a second`);
  }
  assertEquals(program.lines("ended"), []);
  for (const bot of bots) assertEquals(bot.violations, []);
  assertEquals(await witness.leave(), []);
  assert(
    Math.max(lossBlock, backBlock) < LONGEST_BLOCK_MS,
    `the edge did nothing else for ${lossBlock}, ${backBlock} ms`,
  );
});

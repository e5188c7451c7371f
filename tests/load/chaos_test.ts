/**
 * Many players go from one backend to the other all the time while both backends die, hang, refuse, kick and talk nonsense.
 * KURAFUTO_CHAOS_SEED repeats a storm, KURAFUTO_CHAOS_SECONDS makes it longer.
 */
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { seeded } from "../harness/chunks.ts";
import { eventually } from "../harness/kernel.ts";
import { NO_LIMITS, Program } from "../harness/program.ts";
import { Storm } from "../e2e/storm.ts";
import { UnsteadyServer } from "../e2e/unsteady_server.ts";
import { Wanderers } from "../e2e/wanderers.ts";

const SEED = Number(Deno.env.get("KURAFUTO_CHAOS_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const STORM_MS = 1_000 * Number(Deno.env.get("KURAFUTO_CHAOS_SECONDS") ?? 20);
/** The storm before, until the program holds all the memory that it keeps for its work. */
const FIRST_STORM_MS = 15_000;
const PLAYERS = 200;
const MIB = 1 << 20;
/** What the heap may fill up by before it is collected. */
const MAX_GROWTH = 64 * MIB;
/** Milliseconds after a storm until everybody plays again. */
const CALM_MS = 30_000;
const QUIET = { timeoutMs: 10_000 };

/** Two pools of one backend each, which fall back to each other. */
function networkOf(servers: readonly UnsteadyServer[]): string {
  return [
    "[[listener]]",
    ...['name = "main"', 'bind = "127.0.0.1:0"', 'pool = "hub-pool"', 'auth = "off"'],
    ...servers.flatMap(({ name, address }) => [
      "[[pool]]",
      `name = "${name}-pool"`,
      `backends = ["${name}"]`,
      `fallback = [${servers.filter((other) => other.name !== name).map((other) => `"${other.name}-pool"`)}]`,
      ...["join_rate = 10000", 'on_kick = "fallback"'],
      ...["[[backend]]", `name = "${name}"`, `address = "${address}"`],
    ]),
    ...["[health]", 'interval = "200ms"', "rise = 1", "fall = 2", 'backend_idle_timeout = "1s"'],
    ...["[limits]", ...NO_LIMITS, 'login_timeout = "30s"'],
  ].join("\n");
}

/** Names of the players on each server, in order, as the program's log tells it. */
function placesInLog({ log }: Program, names: readonly string[]): readonly (readonly string[])[] {
  const sessions = new Map<unknown, { player: string; place: string }>();
  for (const { event, session, player, server } of log) {
    const known = sessions.get(session);
    if (event === "identified") sessions.set(session, { player: String(player), place: "" });
    else if (event === "ended") sessions.delete(session);
    else if (known !== undefined && event === "joined") known.place = String(server);
    else if (known !== undefined && (event === "waiting" || (event === "lost" && known.place === server))) {
      known.place = "";
    }
  }
  const all = [...sessions.values()];
  return names.map((name) => all.filter(({ place }) => place === name).map(({ player }) => player).toSorted());
}

/** Seats taken on each backend, as a player reads of them who asks for the list. */
async function seatsTaken(bot: Bot, names: readonly string[]): Promise<readonly number[]> {
  const since = bot.state.screen.chat.length;
  await bot.chat("/server");
  return await Promise.all(names.map(async (name) => {
    const line = await bot.chatLine(new RegExp(` ${name} &7\\d+ player`), { since });
    return Number(/&7(\d+) player/.exec(line)?.[1]);
  }));
}

/** Prints what a storm was like. */
function report(program: Program, figures: Readonly<Record<string, unknown>>): void {
  const events = ["moved", "move-failed", "lost", "refused", "waiting"];
  const counts = Object.fromEntries(events.map((event) => [event, program.lines(event).length]));
  console.log(JSON.stringify({ ...figures, ...counts }));
}

Deno.test(`${PLAYERS} wandering players survive a storm over both of their servers (seed ${SEED})`, async (t) => {
  await using running = new AsyncDisposableStack();
  const heard = new Map<string, number>();
  const onChat = (player: string, text: string): void => {
    heard.set(`${player}: ${text}`, (heard.get(`${player}: ${text}`) ?? 0) + 1);
  };
  const servers = ["hub", "arena"].map((name) => running.use(UnsteadyServer.create(name, onChat)));
  const names = servers.map(({ name }) => name);
  await Promise.all(servers.map((server) => server.start("demo")));
  const program = running.use(await Program.start({ config: networkOf(servers) }));
  const counter = { name: "Counter", timeoutMs: 10_000 };
  {
    await using first = await Bot.connect(program.target(), counter);
    await first.joined();
  }
  await program.ended(1);
  const descriptors = await program.settledDescriptors();
  const players = running.use(await Wanderers.join(program.target(), PLAYERS, names, seeded(SEED + 1)));
  const storm = new Storm(servers, seeded(SEED));
  const memory: number[] = [];

  const rage = async (ms: number): Promise<void> => {
    let isOver = false;
    const wandering = players.wander(() => isOver);
    await storm.rage(ms);
    isOver = true;
    await wandering;
    const calm = performance.now();
    await players.settled(CALM_MS).finally(async () => assertEquals(await players.complaints(), []));
    memory.push(await program.residentBytes());
    report(program, { asked: players.asked, ...storm.tally, calmMs: Math.round(performance.now() - calm), memory });
  };

  await t.step("a storm, after which everybody plays again", () => rage(FIRST_STORM_MS));
  await t.step("another one, which leaves no more memory in use than the first", async () => {
    await rage(STORM_MS);
    const [before = 0, after = 0] = memory;
    assert(after - before < MAX_GROWTH, `grew from ${before} to ${after} bytes`);
  });
  await t.step("everybody is heard", () => players.beHeard((line) => heard.has(line), CALM_MS));
  await t.step("players, servers and the edge agree on who is where", async () => {
    const agree = async (): Promise<boolean> => {
      const seen = JSON.stringify(players.onPlaces());
      return seen === JSON.stringify(placesInLog(program, names)) &&
        seen === JSON.stringify(await Promise.all(servers.map((server) => server.players())));
    };
    await eventually(agree, "one opinion on who is where", QUIET);
    await using bot = await Bot.connect(program.target(), counter);
    await bot.joined();
    const wanted = JSON.stringify(players.onPlaces().map(({ length }, index) => length + Number(index === 0)));
    await eventually(async () => JSON.stringify(await seatsTaken(bot, names)) === wanted, `seats ${wanted}`, QUIET);
  });
  await t.step("every client has answered every fence", () => {
    assertEquals(program.lines("fence-unanswered"), []);
  });
  await t.step("no server heard a line twice", () => {
    assertEquals([...heard].filter(([, times]) => times > 1), []);
  });
  await t.step("nothing is left when all have gone", async () => {
    await players.leave();
    await program.ended(PLAYERS + 2, QUIET);
    for (const server of servers) {
      await eventually(async () => (await server.players()).length === 0, `nobody in ${server.name}`, QUIET);
    }
    {
      await using bot = await Bot.connect(program.target(), counter);
      await bot.joined();
      const isEmpty = async (): Promise<boolean> => JSON.stringify(await seatsTaken(bot, names)) === "[1,0]";
      await eventually(isEmpty, "no seats but the last player's", QUIET);
    }
    await program.ended(PLAYERS + 3, QUIET);
    await eventually(async () => await program.descriptors() === descriptors, "the descriptors of the start", QUIET);
    assertEquals(program.lines("ended").filter(({ reason }) => reason !== "client-left"), []);
    await program.stop();
    assertEquals(program.lines("stopping").map(({ sessions }) => sessions), [0]);
    assertEquals(program.lines("crashed"), []);
  });
});

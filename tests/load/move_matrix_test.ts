import { assertEquals } from "../harness/assert.ts";
import { Program } from "../harness/program.ts";
import { type ClientKind, CLIENTS, SERVERS } from "../e2e/kinds.ts";
import { lastingState } from "../e2e/lasting_state.ts";
import { MarkedServer } from "../e2e/marked_server.ts";
import { branches } from "../e2e/networks.ts";
import { Traveller } from "../e2e/traveller.ts";

const MOVES = 20;
/** No server is checked or thought to be silent while others are busy, and none makes anybody wait. */
const POOL = ["join_rate = 10000"];
const HEALTH = ["[health]", 'interval = "1h"', 'backend_idle_timeout = "10m"'];
/** What the log must not tell of. */
const TROUBLE = ["refused", "lost", "waiting", "move-failed", "signal-refused", "fence-unanswered"];

/** More would only make each other slow. */
const PAIRS_AT_ONCE = 3;

/** Two servers; a move from the one to the other is the last. */
interface Pair {
  readonly name: string;
  readonly from: MarkedServer;
  readonly to: MarkedServer;
}

/** A player's way: from `to` to `from` and back again, time after time. */
interface Way extends Pair {
  readonly client: ClientKind;
}

Deno.test("clients of every kind move between servers of any two kinds", async (t) => {
  await using running = new AsyncDisposableStack();
  const start = async (side: "west" | "east", first: number): Promise<MarkedServer[]> =>
    await Promise.all(
      SERVERS.map(async (kind, index) => running.use(await MarkedServer.start(kind, first + index, side))),
    );
  const west = await start("west", 1);
  const east = await start("east", 1 + SERVERS.length);
  const servers = [...west, ...east];
  const program = running.use(
    await Program.start({ config: [branches(servers, POOL), ...HEALTH].join("\n") }),
  );
  const pairs = pairsOf(west, east);
  for (let first = 0; first < pairs.length; first += PAIRS_AT_ONCE) {
    const ways = pairs.slice(first, first + PAIRS_AT_ONCE).flatMap(waysBetween);
    const step = [...new Set(ways.map(({ from, to }) => `${from.name} to ${to.name}`))].join(", ");
    if (!await t.step(step, async () => await travelAll(program, servers, ways))) return;
  }
  for (const event of TROUBLE) assertEquals(program.lines(event), []);
  assertEquals(program.lines("moved").length, SERVERS.length ** 2 * CLIENTS.length * MOVES);
});

/** Every two kinds of servers both ways round, and each kind with itself; one server is always in the west, one in the east. */
function pairsOf(west: readonly MarkedServer[], east: readonly MarkedServer[]): readonly Pair[] {
  const kinds = SERVERS.map((_, kind) => kind);
  return kinds.flatMap((distance) =>
    kinds.flatMap((a) => {
      const b = (a + distance) % kinds.length;
      const [from, to] = a <= b ? [west[a], east[b]] : [east[a], west[b]];
      return from === undefined || to === undefined ? [] : [{ name: `${a}${b}`, from, to }];
    })
  );
}

function waysBetween({ name, from, to }: Pair): readonly Way[] {
  return CLIENTS.map((client) => ({ name: `${client.name}_${name}`, client, from, to }));
}

async function travelAll(program: Program, servers: readonly MarkedServer[], ways: readonly Way[]): Promise<void> {
  await using playing = new AsyncDisposableStack();
  const joinAll = async (): Promise<Traveller[]> =>
    await Promise.all(ways.map(async (way) => playing.use(await join(program, way))));
  const moved = await joinAll();
  for (const traveller of moved) traveller.play();
  await Promise.all(ways.map(async ({ from, to }, index) => {
    for (let move = 0; move < MOVES; move++) await moved[index]?.travel(move % 2 === 0 ? from : to);
  }));
  await Promise.all(moved.map((traveller) => traveller.rest()));
  await allHear(servers, moved, "All have come");
  const states = moved.map(({ bot }) => lastingState(bot));
  await Promise.all(moved.map((traveller) => traveller.leave()));
  for (const traveller of moved) traveller.assertLines(servers);
  const fresh = await joinAll();
  await allHear(servers, fresh, "All are new");
  for (const [index, { bot }] of fresh.entries()) {
    assertEquals(bot.extensions.key, moved[index]?.bot.extensions.key);
    assertEquals(states[index], lastingState(bot), `what ${bot.name} has on ${ways[index]?.to.name}`);
  }
  await Promise.all(fresh.map((traveller) => traveller.leave()));
  const judged = new Set(moved.filter(({ isExcused }) => !isExcused).map(({ bot }) => bot.name));
  for (const { name, guestbook } of servers) {
    assertEquals(guestbook.faults.filter(({ player }) => judged.has(player)), [], `strange packets on ${name}`);
  }
}

async function join(program: Program, { name, client, to }: Way): Promise<Traveller> {
  return await Traveller.join(program.target(to.name), to, client, name);
}

/** Makes sure that everybody has seen all that has happened. */
async function allHear(
  servers: readonly MarkedServer[],
  travellers: readonly Traveller[],
  text: string,
): Promise<void> {
  for (const server of servers) server.broadcast(text);
  await Promise.all(travellers.map((traveller) => traveller.hears(text)));
}

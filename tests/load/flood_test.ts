import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { Program } from "../harness/program.ts";
import { measured } from "../e2e/percentiles.ts";
import { PlayersThread, type Way } from "./players_thread.ts";

const PLAYERS = 100;
/** Players who come past the edge: what they feel, the machine is to blame for. */
const WITNESSES = 20;
const ADDRESSES = 200;
/** As many as two hundred addresses make that connect a hundred times a second each; the machine may manage fewer. */
const PER_SECOND = 20_000;
const SECONDS = Number(Deno.env.get("KURAFUTO_FLOOD_SECONDS") ?? 15);
const CALM_MS = 5_000;
/** Milliseconds by which the flood may delay a player's ping, once in a hundred times. */
const MOST_ADDED_MS = 5;
const MAX_GROWTH = 100 << 20;
/** Milliseconds in which a newcomer plays, once the flood is over. */
const RECOVERY_MS = 2_000;
const HERE = new URL(".", import.meta.url).pathname;

/** Two listeners with one pool: players are known at the one, and prove their names at the other, which is flooded. */
function network(address: string): string {
  return [
    ...["[[listener]]", 'name = "main"', 'bind = "127.0.0.1:0"', 'pool = "town"'],
    ...["[[listener]]", 'name = "players"', 'bind = "127.0.0.1:0"', 'pool = "town"', 'auth = "off"'],
    ...["[[pool]]", 'name = "town"', 'backends = ["hub"]'],
    ...["[[backend]]", 'name = "hub"', `address = "${address}"`],
    // The limits are those that everybody has.
    "[limits]",
  ].join("\n");
}

/** Whoever plays here has the address of whoever tests: one that many share, which belongs on the allow list. */
async function dataDirectory(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "kurafuto-flood-" });
  await Deno.writeTextFile(`${path}/access.toml`, '[[allow]]\naddress = "127.0.0.1"\n');
  return path;
}

/** Floods `port`. Returns how many connections were made. */
async function flood(port: number, ms: number): Promise<number> {
  const command = [Deno.execPath(), "run", "--allow-net", `${HERE}flooder_main.ts`, port, ADDRESSES, PER_SECOND];
  // Whoever floods has machines of their own.
  const child = new Deno.Command("nice", {
    args: ["-n", "19", ...command.map(String)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Promise((resolve) => setTimeout(resolve, ms));
  await child.stdin.close();
  const { stdout } = await child.output();
  return Number(new TextDecoder().decode(stdout));
}

/** What the edge adds to the 99th percentile of pings, in milliseconds: who plays past it feels all else. */
function ownDelay(when: string, { edge, direct }: Readonly<Record<Way, readonly number[]>>): number {
  const [through, past] = [measured(`pings ${when}`, edge), measured(`pings ${when}, past the edge`, direct)];
  return through.p99 - past.p99;
}

Deno.test(`${PLAYERS} players play on while ${ADDRESSES} addresses flood the edge`, async () => {
  const dataDir = await dataDirectory();
  using players = new PlayersThread();
  await using program = await Program.start({ config: network(await players.address()), dataDir, level: "info" });
  await players.join("edge", program.target("players"), PLAYERS);
  await players.join("direct", program.target("players"), WITNESSES);
  const [memory, sockets] = [await program.residentBytes(), await program.descriptors()];

  await players.take();
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const calm = await players.take();
  const made = await flood(program.target("main").port, SECONDS * 1_000);
  const stormy = await players.take();
  const grown = await program.residentBytes() - memory;

  const start = performance.now();
  await using newcomer = await Bot.connect(program.target("players"), { name: "Newcomer" });
  await newcomer.joined();
  const joinedMs = performance.now() - start;
  await eventually(async () => await program.descriptors() <= sockets + 2, "no descriptor left of the flood");

  const before = ownDelay("before", calm.pings);
  const during = ownDelay("during the flood", stormy.pings);
  console.log(JSON.stringify({ made, perSecond: made / SECONDS, grownMiB: grown / 2 ** 20, joinedMs }));
  for (const { reason, count } of program.lines("turned-away-many")) console.log(`${reason}: ${count}`);
  assert(made > ADDRESSES * SECONDS, `the flood made only ${made} connections`);
  assertEquals([stormy.lost, stormy.violations], [0, []]);
  assert(grown < MAX_GROWTH, `grew by ${grown} bytes`);
  assert(joinedMs < RECOVERY_MS, `a newcomer joined after ${joinedMs} ms`);
  assert(during - before <= MOST_ADDED_MS, `the edge's share of p99 was ${before}, and ${during} ms during the flood`);
  await Deno.remove(dataDir, { recursive: true });
});

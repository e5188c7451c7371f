/**
 * Many players talk on while the configuration is reloaded all the time: what is right takes effect, what is wrong changes nothing.
 * KURAFUTO_RELOAD_SECONDS makes it longer; there are a hundred reloads in a minute.
 */
import { measured } from "../e2e/percentiles.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { freePort, reloadsOf } from "./reload_rounds.ts";
import { ReloadScene } from "./reload_scene.ts";
import { Talkers } from "./talkers.ts";
import { Visitors } from "./visitors.ts";

const SECONDS = Number(Deno.env.get("KURAFUTO_RELOAD_SECONDS") ?? 15);
/** Milliseconds from one reload to the next. */
const PACE_MS = 600;
/** Milliseconds before the first, in which players only talk. */
const CALM_MS = 200 * SECONDS;
const PLAYERS = 300;
const QUIET = { timeoutMs: 20_000 };
/** What a line may take while there are reloads, once in a hundred times: so many times as long as before, and so much more. */
const SLOWER = 5;
const NOISE_MS = 1_000;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

Deno.test(`${PLAYERS} players notice nothing of reloads`, async (t) => {
  await using scene = await ReloadScene.open();
  const { program, ledger } = scene;
  const descriptors = await program.settledDescriptors();
  await using talkers = await Talkers.join(program.target(), PLAYERS);
  await using visitors = new Visitors(scene, talkers.rovers);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const options = { scene, visitors, port: freePort(), takenPort: taken.addr.port };
  let isOver = false;
  const talking = talkers.talk(() => isOver);
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const calm = talkers.takeRoundTrips();

  const count = Math.round(SECONDS * 1_000 / PACE_MS);
  await t.step(`${count} reloads do what they should`, async () => {
    const start = performance.now();
    for (let round = 0; scene.reloads < count; round++) {
      for (const reload of reloadsOf(round, options)) {
        if (scene.reloads === count) break;
        const wait = start + scene.reloads * PACE_MS - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        await scene.reload(reload);
      }
    }
    await visitors.settled();
    console.log(JSON.stringify({ reloads: scene.reloads, tookMs: Math.round(performance.now() - start) }));
  });
  isOver = true;
  await talking;
  await t.step("no line and no step is lost, and no packet is wrong", async () => {
    await talkers.hush(ledger);
    talkers.assertUnharmed(ledger);
    for (const bot of visitors.guests) assertEquals(bot.violations, []);
  });
  await t.step("lines come back nearly as fast as ever", () => {
    const before = measured("lines before the reloads", calm).p99;
    const during = measured("lines during the reloads", talkers.takeRoundTrips()).p99;
    assert(during <= SLOWER * before + NOISE_MS, `p99 was ${before} ms, and ${during} ms during reloads`);
  });
  await t.step("the edge and the servers count the same players", async () => {
    const players = PLAYERS + visitors.guests.length;
    const agree = async (): Promise<boolean> => {
      const { edge, seats, servers } = await scene.headcounts();
      return [...edge, sum(seats)].every((count) => count === players) && String(seats) === String(servers);
    };
    await eventually(agree, `${players} players, whoever counts them`, QUIET);
    assertEquals((await scene.status()).playersLost, 0);
  });
  await t.step("nothing is left when all have gone", async () => {
    await Promise.all([talkers.leave(), visitors.leave()]);
    const isEmpty = async (): Promise<boolean> => {
      const { edge, seats, servers } = await scene.headcounts();
      return sum([...edge, ...seats, ...servers]) === 0;
    };
    await eventually(isEmpty, "nobody anywhere", QUIET);
    await eventually(async () => await program.descriptors() <= descriptors, "the descriptors of the start", QUIET);
    assertEquals(program.lines("ended").filter(({ reason }) => reason !== "client-left"), []);
    for (const event of ["lost", "move-failed", "waiting", "listen-failed", "turned-away"]) {
      assertEquals(program.lines(event), []);
    }
  });
});

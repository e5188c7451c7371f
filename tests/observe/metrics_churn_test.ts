import { Metrics } from "../../lib/observe/metrics.ts";
import type { SessionEvent } from "../../lib/session/port.ts";
import { type Reason, REASONS } from "../../lib/session/reasons.ts";
import { assertEquals } from "../harness/assert.ts";
import { parseExposition } from "../harness/exposition.ts";
import {
  ended,
  FakeEdge,
  JOINED,
  MetricsWorld,
  moved,
  moveFailed,
  network,
  PLAYABLE,
  WAITING,
} from "./metrics_world.ts";

const ALL_REASONS = Object.keys(REASONS) as Reason[];
const HOUR_S = 3_600;
/** Sessions that begin in each second. */
const PER_SECOND = 5;
/** Seconds between two reloads, each of which gives every backend and pool another name. */
const RELOAD_S = 60;

/** Numbers from 0 up to, not including, `below`; the same each time. */
function dice(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("an hour of players with ever new names and of backends with ever new names leaves the number of series as it is", async () => {
  using world = new MetricsWorld();
  const { metrics, edge } = world;
  const roll = dice();
  const pick = <T>(items: readonly [T, ...T[]]): T => items[roll(items.length)] ?? items[0];
  const before = await world.scrape();
  let names: [string, ...string[]] = ["hub", "arena"];
  let sessions = 0;
  for (let second = 1; second <= HOUR_S; second++) {
    if (second % RELOAD_S === 0) {
      const [hub, arena] = [`hub-${second}`, `arena-${second}`];
      // Events about the backends of before come as long as players are on them.
      names = roll(2) === 0 ? [hub, arena] : [hub, arena, ...names.slice(0, 2)];
      metrics.configured(network([hub, arena], [`lobby-${second}`]));
      metrics.reloaded("applied");
      edge.backendStates = {
        [hub]: { state: "up", players: roll(100) },
        [arena]: { state: "down", players: 0 },
      };
    }
    for (let count = 0; count < PER_SECOND; count++, sessions++) {
      const player = `Player_${roll(2 ** 31)}`;
      const middle: SessionEvent[] = [
        { kind: "identified", player, protocol: 7, client: `Client ${roll(1_000)}` },
        roll(3) === 0 ? WAITING : JOINED,
        PLAYABLE,
        moved(roll(4) === 0 ? "" : pick(names), pick(names)),
        moveFailed(pick(names), roll(4) === 0 ? `lobby-${second}` : pick(names)),
        { kind: "refused", backend: pick(names), cause: `kicked: go away, ${player}`, kicked: true },
      ];
      const reason = ALL_REASONS[roll(ALL_REASONS.length)] ?? "client-left";
      world.session(...middle.slice(0, roll(middle.length + 1)), ended(reason, { letIn: roll(4) > 0, player }));
      metrics.dialled(pick(names), roll(1_000), roll(2) === 0);
      metrics.checked(pick(names), roll(2) === 0);
      metrics.rejected(ALL_REASONS[roll(ALL_REASONS.length)] === "banned" ? "banned" : "bad-http");
    }
  }
  const after = await world.scrape();
  assertEquals(after.total("kurafuto_sessions_total"), sessions);
  assertEquals(after.series, before.series);
  assertEquals(after.families.size, before.families.size);
  assertEquals(after.valuesOf("kurafuto_moves_total", "from"), [
    "(none)",
    "(removed)",
    `arena-${HOUR_S}`,
    `hub-${HOUR_S}`,
  ]);
});

Deno.test("moves between very many backends begin with the first of their kind, and end with a reload", async () => {
  const edge = new FakeEdge();
  const many = Array.from({ length: 100 }, (_, index) => `b${index}`);
  const metrics = new Metrics({ version: "1.2.3", network: network(many), source: edge });
  const meter = metrics.session();
  const origins = async (): Promise<readonly string[]> =>
    parseExposition(await metrics.text()).valuesOf("kurafuto_moves_total", "from");
  assertEquals(await origins(), []);
  for (const [from, to] of [["b1", "b2"], ["b1", "b2"], ["b98", "b99"]] as const) meter.event(moved(from, to), 0);
  assertEquals(await origins(), ["b1", "b98"]);
  metrics.configured(network(many.slice(0, 90)));
  assertEquals(await origins(), ["b1"]);
  const read = parseExposition(await metrics.text());
  assertEquals(read.value("kurafuto_moves_total", { from: "b1", to: "b2", result: "done" }), 2);
  metrics.close();
});

import { type Candidate, hashName, leastPlayers, randomTwo, roundRobin } from "../../lib/routing/balance.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";
import { assertNear } from "./near.ts";

/** Candidates `a`, `b`, … with these weights and players. */
function candidates(weights: readonly number[], players: readonly number[] = []): Candidate[] {
  return weights.map((weight, index) => ({
    name: String.fromCharCode(97 + index),
    weight,
    players: players[index] ?? 0,
  }));
}

/** The picks of so many turns. */
function turns(count: number, all: readonly Candidate[]): string {
  let credit: ReadonlyMap<string, number> = new Map();
  let picks = "";
  for (let turn = 0; turn < count; turn++) {
    const next = roundRobin(all, credit);
    credit = next.credit;
    picks += next.pick?.name;
  }
  return picks;
}

/** How often each name was picked. */
function counts(picks: readonly (Candidate | undefined)[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const pick of picks) found[pick?.name ?? ""] = (found[pick?.name ?? ""] ?? 0) + 1;
  return found;
}

const PLAYERS = Array.from({ length: 20_000 }, (_, index) => `Player_${index}`);

Deno.test("no rule picks anybody where there is nobody", () => {
  assertEquals(leastPlayers([]), undefined);
  assertEquals(randomTwo([], () => 0), undefined);
  assertEquals(hashName([], "Steve"), undefined);
  assertEquals(roundRobin([], new Map()).pick, undefined);
});

for (
  const [weights, expected] of [
    [[1, 1, 1], "abcabcabc"],
    [[5, 1, 1], "aabacaaaabacaa"],
    [[1, 3], "babbbabb"],
    [[2, 0.2], "aaaaabaaaaaaaaaabaaaaa"],
  ] as const
) {
  Deno.test(`round-robin gives weights ${weights.join(", ")} their turns evenly`, () => {
    assertEquals(turns(expected.length, candidates(weights)), expected);
  });
}

Deno.test("round-robin goes on with the others while one is away, and takes it back", () => {
  const all = candidates([1, 1, 1]);
  const others = all.filter(({ name }) => name !== "b");
  let credit = roundRobin(all, new Map()).credit;
  const picks = (count: number, from: readonly Candidate[]): Record<string, number> =>
    counts(Array.from({ length: count }, () => {
      const next = roundRobin(from, credit);
      credit = next.credit;
      return next.pick;
    }));
  const { a = 0, b, c = 0 } = picks(40, others);
  assertEquals(b, undefined);
  assertNear(a, c, 2);
  assertNear(picks(30, all).b ?? 0, 10, 1);
});

for (
  const [weights, players, expected] of [
    [[1, 1, 1], [3, 2, 4], "b"],
    [[1, 1], [2, 2], "a"],
    [[1, 2], [2, 3], "b"],
    [[1, 2], [2, 4], "a"],
    [[1, 0.1], [5, 1], "a"],
  ] as const
) {
  Deno.test(`least-players picks ${expected} of ${players.join(", ")} players on weights ${weights.join(", ")}`, () => {
    assertEquals(leastPlayers(candidates(weights, players))?.name, expected);
  });
}

for (
  const [numbers, players, expected] of [
    [[0, 0], [5, 1, 0], "b"],
    [[0.99, 0], [5, 1, 0], "c"],
    [[0, 0.99], [1, 0, 5], "a"],
    [[0.3, 0.3], [0, 0, 0], "b"],
  ] as const
) {
  Deno.test(`random-two with lots ${numbers.join(", ")} of ${players.join(", ")} players picks ${expected}`, () => {
    const lots = [...numbers];
    const all = candidates([1, 2, 1], players);
    assertEquals(randomTwo(all, () => lots.shift() ?? 0)?.name, expected);
    assertEquals(lots, []);
  });
}

Deno.test("random-two picks the only one there is", () => {
  assertEquals(randomTwo(candidates([1]), () => 0.5)?.name, "a");
});

Deno.test("random-two shares players out by weight, and the same seed gives the same shares", () => {
  const share = (): readonly number[] => {
    const random = seeded(7);
    const players = [0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const pick = randomTwo(candidates([1, 2, 5], players), () => random.next());
      const index = (pick?.name ?? "").charCodeAt(0) - 97;
      players[index] = (players[index] ?? 0) + 1;
    }
    return players;
  };
  const players = share();
  assertEquals(share(), players);
  [500, 1000, 2500].forEach((expected, index) => assertNear(players[index] ?? 0, expected, expected * 0.1));
});

Deno.test("hash-name shares players out by weight", () => {
  const all = candidates([1, 2, 5]);
  const found = counts(PLAYERS.map((player) => hashName(all, player)));
  for (const { name, weight } of all) {
    assertNear(found[name] ?? 0, PLAYERS.length * weight / 8, PLAYERS.length * weight / 8 * 0.05);
  }
});

Deno.test("hash-name shares players out whose names and backends hardly differ", () => {
  const all = ["lobby-1", "lobby-2", "lobby-3", "lobby-4"].map((name) => ({ name, weight: 1, players: 0 }));
  const names = Array.from({ length: 26 * 26 }, (_, index) => String.fromCharCode(97 + index / 26, 97 + index % 26));
  for (const count of Object.values(counts(names.map((name) => hashName(all, name))))) {
    assertNear(count, 169, 40);
  }
});

Deno.test("hash-name picks the same backend for a name in any case, in any order", () => {
  const all = candidates([1, 1, 1, 1]);
  for (const player of PLAYERS.slice(0, 100)) {
    const pick = hashName(all, player);
    assertEquals(hashName(all.toReversed(), player.toUpperCase()), pick);
  }
});

Deno.test("hash-name moves only the players of a backend that is away, and spreads them by weight", () => {
  const all = candidates([1, 2, 1, 4]);
  const gone = all[3];
  const moved = [];
  for (const player of PLAYERS) {
    const before = hashName(all, player);
    const after = hashName(all.filter((one) => one !== gone), player);
    if (before === gone) moved.push(after);
    else assertEquals(after, before);
  }
  assertNear(moved.length, PLAYERS.length / 2, PLAYERS.length * 0.025);
  const found = counts(moved);
  for (const [name, part] of [["a", 1 / 4], ["b", 1 / 2], ["c", 1 / 4]] as const) {
    assertNear(found[name] ?? 0, moved.length * part, moved.length * part * 0.07);
  }
});

Deno.test("hash-name takes players only to a backend that gains weight", () => {
  const before = candidates([1, 1, 1]);
  const after = candidates([1, 1, 2]);
  let moved = 0;
  for (const player of PLAYERS) {
    const from = hashName(before, player)?.name;
    const to = hashName(after, player)?.name;
    if (from === to) continue;
    assertEquals(to, "c");
    moved++;
  }
  assert(moved > 0);
});

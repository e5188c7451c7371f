import { assert, assertEquals } from "../harness/assert.ts";
import type { Decision } from "../../lib/routing/decision.ts";
import type { NetworkConfig } from "../../lib/routing/network.ts";
import type { Seat, Wish } from "../../lib/session/routes.ts";
import { networkConfig, World, type WorldOptions } from "./world.ts";

const LOST: Wish = { kind: "fallback", from: "hub", kicked: false };
const TWO: WorldOptions = {
  backends: ["hub", "arena"],
  pools: [{ name: "lobby", backends: ["hub", "arena"], joinRate: 5 }],
};
const ARENA_ONLY: WorldOptions = { backends: ["arena"], pools: [{ name: "lobby", backends: ["arena"], joinRate: 5 }] };

function configured(world: World, options: WorldOptions, health?: NetworkConfig["health"]): void {
  world.network.configure({ ...networkConfig(options), ...health && { health } });
}

Deno.test("newcomers go to backends that were added, and to none that was removed", () => {
  const world = new World(TWO);
  configured(world, { backends: ["museum", "arena"], pools: [{ name: "lobby", backends: ["museum", "arena"] }] });
  assertEquals(world.session("lobby").enter("Steve"), "museum");
  assertEquals(world.network.status().map(({ name }) => name), ["museum", "arena"]);
});

Deno.test("health, players and drains survive", () => {
  const world = new World(TWO);
  world.session("lobby").enter("Steve");
  world.kill("arena");
  world.network.drain("hub");
  const before = world.network.status();
  configured(world, { ...TWO, backends: [{ name: "hub", weight: 7 }, "arena"] });
  assertEquals(world.network.status(), before);
  assertEquals(world.changes.length, 1);
});

Deno.test("a backend whose limit was raised takes those who stood in line for it", () => {
  const options = (maxPlayers: number): WorldOptions => ({
    backends: [{ name: "hub", maxPlayers }],
    pools: [{ name: "lobby", backends: ["hub"] }],
  });
  const world = new World(options(1));
  world.session("lobby").enter("Steve");
  const alex = world.session("lobby");
  assertEquals(alex.enter("Alex"), undefined);
  configured(world, options(2));
  world.clock.advance(1_000);
  assertEquals(alex.on, "hub");
});

Deno.test("who stood in line for a removed backend stands in line for what is there now, in the same order", () => {
  const world = new World({ backends: ["hub"], pools: [{ name: "lobby", backends: ["hub"], joinRate: 2 }] });
  world.kill("hub");
  const visitors = ["first", "second", "third"].map((name) => {
    const visitor = world.session("lobby");
    visitor.enter(name);
    return visitor;
  });
  assertEquals(world.network.waiting, 3);
  configured(world, { backends: ["arena"], pools: [{ name: "lobby", backends: ["arena"], joinRate: 2 }] });
  world.clock.advance(3_000);
  assertEquals(visitors.map(({ on }) => on), ["arena", "arena", "arena"]);
  const calls = visitors.map((visitor) => visitor.calls.at(-1) ?? 0);
  assertEquals(calls, calls.toSorted((a, b) => a - b));
  assertEquals(world.network.waiting, 0);
});

Deno.test("the join rate of now counts", () => {
  const world = new World(TWO);
  configured(world, { ...ARENA_ONLY, pools: [{ name: "lobby", backends: ["arena"], joinRate: 50 }] });
  const visitors = Array.from({ length: 20 }, () => world.session("lobby"));
  for (const [i, visitor] of visitors.entries()) visitor.enter(`player${i}`, LOST);
  world.clock.advance(500);
  assert(visitors.filter(({ on }) => on === "arena").length >= 15);
});

Deno.test("those on a removed backend are to go elsewhere, and find its pool's other backends", () => {
  const world = new World(TWO);
  const steve = world.session("lobby");
  steve.visit("Steve");
  assert(!steve.routes.emptied("hub"));
  configured(world, ARENA_ONLY);
  assert(steve.routes.emptied("hub"));
  assertEquals(steve.enter("Steve", LOST), "arena");
});

Deno.test("a backend that comes back still counts those who never left it", () => {
  const world = new World(TWO);
  const steve = world.session("lobby");
  steve.visit("Steve");
  configured(world, ARENA_ONLY);
  configured(world, TWO);
  assertEquals(world.network.players("hub"), 1);
  assert(!steve.routes.emptied("hub"));
  steve.seat?.release();
  assertEquals(world.network.players("hub"), 0);
  configured(world, ARENA_ONLY);
  configured(world, TWO);
  assertEquals(world.network.players("hub"), 0);
});

Deno.test("a backend that comes back to its players is still drained", () => {
  const world = new World(TWO);
  world.session("lobby").visit("Steve");
  world.network.drain("hub");
  configured(world, ARENA_ONLY);
  configured(world, TWO);
  assertEquals(world.session("lobby").enter("Alex"), "arena");
});

Deno.test("a backend that was left by everybody is another one when it comes back", () => {
  const world = new World(TWO);
  world.kill("hub");
  configured(world, ARENA_ONLY);
  configured(world, TWO);
  assertEquals(world.network.status().map(({ name, state }) => `${name} ${state}`), ["hub up", "arena up"]);
});

Deno.test("players of a pool that was removed belong to the pool of their listener", () => {
  const world = new World({
    backends: ["hub", "arena"],
    pools: [{ name: "lobby", backends: ["hub"] }, { name: "games", backends: ["arena"], onKick: "fallback" }],
  });
  const steve = world.session("games");
  steve.visit("Steve");
  configured(world, { backends: ["hub"], pools: [{ name: "lobby", backends: ["hub"] }] });
  assertEquals(steve.routes.onKick("arena"), "disconnect");
  assertEquals(steve.enter("Steve", { kind: "fallback", from: "arena", kicked: false }), "hub");
});

Deno.test("other rules of health count for backends that were there before", () => {
  const world = new World(TWO);
  configured(world, TWO, { rise: 1, fall: 1 });
  world.network.checked("hub", { ok: true });
  world.network.checked("hub", { ok: false, cause: "refused" });
  assertEquals(world.changes.map(({ backend, state }) => `${backend} ${state}`), ["hub down"]);
});

Deno.test("turns of a pool go on over a reload", () => {
  const options: WorldOptions = {
    backends: ["hub", "arena"],
    pools: [{ name: "lobby", backends: ["hub", "arena"], balance: "round-robin" }],
  };
  const world = new World(options);
  assertEquals(world.session("lobby").enter("a"), "hub");
  configured(world, options);
  assertEquals(world.session("lobby").enter("b"), "arena");
});

Deno.test("a session whose listener's pool is gone by the time that it begins belongs to the first pool", () => {
  assertEquals(new World(TWO).session("nowhere").enter("Steve"), "hub");
});

Deno.test("players of a pool that was renamed fall back as it says now", () => {
  const pools = (games: string, fallback: string): WorldOptions => ({
    backends: ["hub", "arena", "museum"],
    pools: [
      { name: "lobby", backends: ["hub"] },
      { name: games, backends: ["arena"], fallback: [fallback] },
      { name: "past", backends: ["museum"] },
    ],
  });
  const world = new World(pools("games", "lobby"));
  const steve = world.session("lobby");
  steve.visit("Steve", { kind: "go", to: "games", by: "player" });
  configured(world, pools("matches", "past"));
  assertEquals(steve.enter("Steve", { kind: "fallback", from: "arena", kicked: false }), "museum");
});

Deno.test("who stands in line waits for the pool that their listener leads to now", () => {
  const options: WorldOptions = {
    backends: ["hub", "arena"],
    pools: [{ name: "lobby", backends: ["hub"] }, { name: "games", backends: ["arena"] }],
  };
  const world = new World(options);
  world.kill("hub");
  let leadsTo = "lobby";
  let seat: Seat | undefined;
  const routes = world.network.routesFor({ pool: () => leadsTo, admitted: () => seat = ticket.claim() });
  const ticket = routes.enlist("Steve", { kind: "join" });
  assertEquals(ticket.claim(), undefined);
  leadsTo = "games";
  configured(world, options);
  world.clock.advance(1_000);
  assertEquals(seat?.backend, "arena");
});

Deno.test("a player whom a backend refuses after a reload is offered what is there now", () => {
  const world = new World(TWO);
  const steve = world.session("lobby");
  assertEquals(steve.enter("Steve"), "hub");
  configured(world, { backends: ["museum"], pools: [{ name: "lobby", backends: ["museum"] }] });
  steve.refuse();
  assertEquals(steve.claim(), "museum");
});

Deno.test("turns of a backend that is gone are forgotten", () => {
  const options = (...names: readonly string[]): WorldOptions => ({
    backends: names.map((name) => ({ name, weight: name === "arena" ? 3 : 1 })),
    pools: [{ name: "lobby", backends: names, balance: "round-robin" }],
  });
  const world = new World(options("hub", "arena"));
  assertEquals(world.session("lobby").enter("a"), "arena");
  configured(world, options("hub"));
  assertEquals(world.session("lobby").enter("b"), "hub");
  configured(world, options("hub", "arena"));
  assertEquals(world.session("lobby").enter("c"), "arena");
});

Deno.test("a decision tells the wish, the rule, the choice and what was looked at", () => {
  const world = new World({
    backends: ["hub", { name: "arena", maxPlayers: 5 }, "museum"],
    pools: [{ name: "lobby", backends: ["hub", "arena", "museum"], balance: "first" }],
  });
  world.kill("hub");
  const decisions: Decision[] = [];
  const routes = world.network.routesFor({
    pool: () => "lobby",
    admitted: () => {},
    decided: (decision) => decisions.push(decision),
  });
  const ticket = routes.enlist("Steve", { kind: "join" });
  assertEquals(ticket.claim()?.backend, "arena");
  ticket.refused("arena");
  assertEquals(ticket.claim()?.backend, "museum");
  const candidate = { players: 0, maxPlayers: 0, share: 1, obstacle: undefined };
  const [first, second] = decisions;
  assertEquals(first, {
    wish: 'join "lobby"',
    rule: 'pool "lobby", first',
    picked: "arena",
    candidates: [
      { ...candidate, backend: "hub", state: "down" },
      { ...candidate, backend: "arena", state: "up", maxPlayers: 5 },
      { ...candidate, backend: "museum", state: "up" },
    ],
  });
  assertEquals(second?.candidates.map(({ obstacle }) => obstacle), [undefined, "left-out", undefined]);
});

Deno.test("who waits is told of once, with what keeps them waiting", () => {
  const world = new World({ backends: ["hub"], pools: [{ name: "lobby", backends: ["hub"], joinRate: 1 }] });
  const decisions: Decision[] = [];
  const enter = (name: string): void => {
    const routes = world.network.routesFor({
      pool: () => "lobby",
      admitted: () => {},
      decided: (decision) => decisions.push(decision),
    });
    const ticket = routes.enlist(name, LOST.kind === "fallback" ? { ...LOST, from: "arena" } : LOST);
    ticket.claim();
    ticket.claim();
  };
  enter("Steve");
  decisions.length = 0;
  enter("Alex");
  assertEquals(decisions.map(({ picked, rule, candidates }) => [picked, rule, candidates[0]?.obstacle]), [
    [undefined, undefined, "join-rate"],
  ]);
});

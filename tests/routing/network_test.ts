import { assertEquals } from "../harness/assert.ts";
import { assertNear } from "./near.ts";
import { World, type WorldOptions } from "./world.ts";

const JOIN = { kind: "join" } as const;

/** A network of three pools with two backends each, and one backend in none of them. */
function network(lobby: Partial<WorldOptions["pools"][number]> = {}): World {
  return new World({
    backends: ["hub1", "hub2", "arena1", "arena2", "rest1", "rest2", { name: "office", token: "s3cret" }],
    pools: [
      { name: "lobby", backends: ["hub1", "hub2"], fallback: ["rest"], ...lobby },
      { name: "games", backends: ["arena1", "arena2"], fallback: ["rest", "lobby"], onKick: "fallback" },
      { name: "rest", backends: ["rest1", "rest2"] },
      { name: "mixed", backends: ["arena2", "hub2"] },
    ],
  });
}

Deno.test("a login leads to the pool of the listener", () => {
  const world = network();
  assertEquals(world.session("lobby").visit("Steve"), "hub1");
  assertEquals(world.session("games").visit("Steve"), "arena1");
  world.kill("hub1");
  assertEquals(world.session("lobby").visit("Steve"), "hub2");
});

Deno.test("a player who belongs elsewhere now is still sent to the listener's pool at a login", () => {
  const session = network().session("lobby");
  session.visit("Steve", { kind: "go", to: "games", by: "player" });
  assertEquals(session.visit("Steve"), "hub1");
});

Deno.test("a wish to go leads to the backend or pool of that name, in any case", () => {
  const session = network().session("lobby");
  for (const [to, backend] of [["arena2", "arena2"], ["GAMES", "arena1"], ["Office", "office"]] as const) {
    assertEquals(session.visit("Steve", { kind: "go", to, by: "player" }), backend);
  }
});

Deno.test("players get to joinable backends of a pool only, others to all", () => {
  const world = new World({
    backends: [{ name: "vip", joinable: false }, "hub"],
    pools: [{ name: "lobby", backends: ["vip", "hub"] }],
  });
  const session = world.session("lobby");
  assertEquals(session.visit("Steve", { kind: "go", to: "lobby", by: "player" }), "hub");
  assertEquals(session.visit("Steve", { kind: "go", to: "lobby", by: "backend" }), "vip");
  assertEquals(session.visit("Steve", { kind: "go", to: "lobby", by: "operator" }), "vip");
  assertEquals(session.visit("Steve", { kind: "go", to: "vip", by: "player" }), undefined);
  assertEquals(session.visit("Steve", { kind: "go", to: "vip", by: "operator" }), "vip");
  assertEquals(session.visit("Steve"), "vip", "a listener's pool is not chosen by the player");
});

Deno.test("a wish to go where nothing is leads nowhere", () => {
  const session = network().session("lobby");
  assertEquals(session.enter("Steve", { kind: "go", to: "moon", by: "player" }), undefined);
  assertEquals([session.ticket?.promising, session.ticket?.place], [false, 1]);
});

Deno.test("a player who lost their backend gets to the fallbacks in order, then to their own pool", () => {
  const world = network();
  const lose = (): string | undefined => {
    const session = world.session("games");
    session.visit("Steve");
    world.clock.advance(2_000);
    const backend = session.enter("Steve", { kind: "fallback", from: session.on ?? "", kicked: false });
    session.seat?.release();
    session.ticket?.close();
    return backend;
  };
  assertEquals(lose(), "rest1");
  world.kill("rest1");
  assertEquals(lose(), "rest2");
  world.kill("rest2");
  assertEquals(lose(), "hub1");
  world.kill("hub1", "hub2");
  assertEquals(lose(), "arena2");
});

for (const [kicked, ms] of [[false, 2_000], [true, 10_000]] as const) {
  Deno.test(`a backend that ${kicked ? "kicked" : "lost"} a player is offered to them again after ${ms / 1000} s`, () => {
    const world = new World({ backends: ["hub"], pools: [{ name: "lobby", backends: ["hub"] }] });
    const session = world.session("lobby");
    session.visit("Steve");
    world.clock.advance(2_000);
    assertEquals(session.enter("Steve", { kind: "fallback", from: "hub", kicked }), undefined);
    assertEquals(session.ticket?.promising, false);
    world.clock.advance(ms - 1);
    assertEquals(session.calls, []);
    world.clock.advance(1);
    assertEquals(session.on, "hub");
  });
}

Deno.test("a backend that kicked everybody because it was stopped is offered again as soon as it is up anew", () => {
  const world = new World({ backends: ["hub"], pools: [{ name: "lobby", backends: ["hub"] }] });
  const session = world.session("lobby");
  session.visit("Steve");
  world.clock.advance(2_000);
  session.enter("Steve", { kind: "fallback", from: "hub", kicked: true });
  world.clock.advance(500);
  world.kill("hub");
  world.clock.advance(1_000);
  assertEquals(session.on, undefined);
  world.revive("hub");
  world.clock.advance(100);
  assertEquals(session.on, "hub");
});

Deno.test("the player's pool is the listener's, then the one they asked for, then the first that lists their backend", () => {
  const world = network();
  const session = world.session("lobby");
  /** The first backend that would take the player after a loss, which tells their pool. */
  const fallback = (): string | undefined => {
    world.clock.advance(2_000);
    session.enter("Steve", { kind: "fallback", from: "", kicked: false });
    const backend = session.on;
    session.seat?.release();
    return backend;
  };
  world.kill("rest1", "rest2");
  assertEquals(fallback(), "hub1", "lobby");
  session.visit("Steve", { kind: "go", to: "games", by: "player" });
  assertEquals(session.routes.onKick(session.on ?? ""), "fallback");
  world.kill("hub1", "hub2");
  assertEquals(fallback(), "arena1", "games");
  session.visit("Steve", { kind: "go", to: "arena2", by: "player" });
  assertEquals(fallback(), "arena1", "still games, which lists the backend");
  world.revive("hub1", "hub2");
  session.visit("Steve", { kind: "go", to: "hub2", by: "player" });
  assertEquals(session.routes.onKick("hub2"), "disconnect");
  assertEquals(fallback(), "hub1", "lobby lists hub2 before mixed does");
  session.visit("Steve", { kind: "go", to: "office", by: "player" });
  assertEquals(fallback(), "hub1", "no pool lists the office");
  session.visit("Steve", { kind: "go", to: "mixed", by: "player" });
  assertEquals(session.on, "arena2");
  assertEquals(fallback(), "arena2", "mixed");
  session.visit("Steve", { kind: "go", to: "hub2", by: "player" });
  assertEquals(fallback(), "arena2", "still mixed, although lobby lists hub2 before it does");
});

Deno.test("a kick leads to what the player's pool says, or the first that lists the backend", () => {
  const { routes } = network().session("lobby");
  assertEquals(["hub1", "arena1", "rest1", "office", "moon"].map((backend) => routes.onKick(backend)), [
    "disconnect",
    "fallback",
    "disconnect",
    "disconnect",
    "disconnect",
  ]);
});

Deno.test("backends have tokens of their own", () => {
  const { routes } = network().session("lobby");
  assertEquals([routes.token("office"), routes.token("hub1"), routes.token("moon")], ["s3cret", "", ""]);
});

Deno.test("players return to the backend of the pool that they were last on, if it can take them", () => {
  const world = network({ recent: true });
  const session = world.session("lobby");
  session.visit("Steve", { kind: "go", to: "hub2", by: "player" });
  session.visit("Steve", { kind: "go", to: "arena1", by: "player" });
  assertEquals(world.session("lobby").visit("STEVE"), "hub2");
  assertEquals(world.session("lobby").visit("Alex"), "hub1");
  assertEquals(world.session("games").visit("Steve"), "arena1");
  world.kill("hub2");
  assertEquals(world.session("lobby").visit("Steve"), "hub1");
  world.revive("hub2");
  assertEquals(world.session("lobby").visit("Steve"), "hub1", "that is where they were last");
});

Deno.test("a pool that is not to remember players does not", () => {
  const world = network({ recent: false });
  const session = world.session("lobby");
  session.visit("Steve", { kind: "go", to: "hub2", by: "player" });
  assertEquals(world.session("lobby").visit("Steve"), "hub1");
  assertEquals(world.recent.last("Steve", "lobby"), undefined);
});

for (
  const [balance, expected] of [
    ["first", 400],
    ["round-robin", 300],
    ["least-players", 300],
    ["random-two", 300],
    ["hash-name", 300],
  ] as const
) {
  Deno.test(`four hundred players on weights 3 and 1 are shared out by the rule ${balance}`, () => {
    const world = new World({
      backends: [{ name: "a", weight: 3 }, "b"],
      pools: [{ name: "lobby", backends: ["a", "b"], balance, joinRate: 1000 }],
    });
    for (let i = 0; i < 400; i++) world.session("lobby").enter(`player${i}`);
    assertNear(world.network.players("a"), expected, balance === "hash-name" ? 20 : 0);
    assertEquals(world.network.players("a") + world.network.players("b"), 400);
  });
}

Deno.test("a recovered backend is given few players at first", () => {
  const world = new World({
    backends: ["a", "b"],
    pools: [{ name: "lobby", backends: ["a", "b"], balance: "round-robin", joinRate: 1000 }],
  });
  world.kill("b");
  world.revive("b");
  for (let i = 0; i < 110; i++) world.session("lobby").enter(`player${i}`);
  assertEquals([world.network.players("a"), world.network.players("b")], [100, 10]);
  world.clock.advance(10_000);
  for (let i = 0; i < 100; i++) world.session("lobby").enter(`late${i}`);
  assertEquals(world.network.players("b"), 60);
});

Deno.test("the lowest join rate of the pools that list a backend counts", () => {
  const world = new World({
    backends: ["hub"],
    pools: [
      { name: "lobby", backends: ["hub"], joinRate: 100 },
      { name: "games", backends: ["hub"], joinRate: 2 },
    ],
  });
  for (let i = 0; i < 4; i++) world.session("lobby").enter("Steve", { kind: "fallback", from: "", kicked: false });
  world.clock.advance(999);
  assertEquals(world.network.players("hub"), 2);
  world.clock.advance(501);
  assertEquals(world.network.players("hub"), 4);
});

Deno.test("going up and down is told, with the cause and the beginning of the time before", () => {
  const world = new World({ backends: ["hub", "arena"], pools: [{ name: "lobby", backends: ["hub", "arena"] }] });
  const start = world.clock.now();
  world.network.checked("hub", { ok: true });
  world.clock.advance(100);
  for (let i = 0; i < 5; i++) world.network.dialFailed("hub", "connection refused");
  world.clock.advance(50);
  world.network.checked("hub", { ok: true });
  world.network.checked("hub", { ok: true });
  world.network.checked("arena", { ok: false, cause: "timed out" });
  assertEquals(world.changes, [
    { backend: "hub", state: "down", cause: "connection refused", since: start },
    { backend: "hub", state: "up", cause: "connection refused", since: start + 100 },
    { backend: "arena", state: "down", cause: "timed out", since: start },
  ]);
});

Deno.test("failed dials never take the last backend of a pool down, checks do", () => {
  const world = new World({
    backends: ["hub", "arena"],
    pools: [{ name: "lobby", backends: ["hub", "arena"] }, { name: "games", backends: ["arena"] }],
  });
  const states = (): readonly string[] => world.network.status().map(({ state }) => state);
  const fail = (backend: string): void => {
    for (let i = 0; i < 10; i++) world.network.dialFailed(backend, "refused");
  };
  world.network.checked("arena", { ok: true });
  fail("arena");
  assertEquals(states(), ["up", "up"], "arena is the last of games");
  fail("hub");
  assertEquals(states(), ["down", "up"]);
  world.revive("hub");
  world.network.drain("arena");
  fail("hub");
  assertEquals(states(), ["up", "up"], "a drained backend takes nobody");
  world.network.checked("arena", { ok: false, cause: "timed out" });
  assertEquals(states(), ["up", "down"]);
});

Deno.test("a dial that goes well makes up for those that failed", () => {
  const world = new World({ backends: ["hub", "arena"], pools: [{ name: "lobby", backends: ["hub", "arena"] }] });
  for (let i = 0; i < 10; i++) {
    world.network.dialFailed("hub", "refused");
    world.network.dialFailed("hub", "refused");
    world.network.dialSucceeded("hub");
  }
  assertEquals(world.changes, []);
});

Deno.test("a drained backend gets no players and keeps those it has", () => {
  const world = network();
  const session = world.session("lobby");
  session.visit("Steve");
  assertEquals(world.network.drain("hub1"), true);
  assertEquals(world.session("lobby").enter("Alex"), "hub2");
  assertEquals(world.network.players("hub1"), 1);
  assertEquals(world.network.enable("hub1"), true);
  assertEquals(world.session("lobby").enter("Alex"), "hub1");
  assertEquals([world.network.drain("moon"), world.network.enable("moon")], [false, false]);
});

Deno.test("the status tells of each backend how it is", () => {
  const world = new World({ backends: ["hub", "arena"], pools: [{ name: "lobby", backends: ["hub", "arena"] }] });
  const start = world.clock.now();
  world.session("lobby").enter("Steve", JOIN);
  world.clock.advance(70);
  world.network.checked("arena", { ok: false, cause: "refused" });
  world.network.drain("hub");
  assertEquals(world.network.status(), [
    {
      name: "hub",
      condition: "drained",
      state: "up",
      since: start,
      drained: true,
      players: 1,
      maxPlayers: 0,
      cause: "",
    },
    {
      name: "arena",
      condition: "down",
      state: "down",
      since: start + 70,
      drained: false,
      players: 0,
      maxPlayers: 0,
      cause: "refused",
    },
  ]);
});

Deno.test("what is said of backends that do not exist is passed over", () => {
  const world = network();
  world.network.dialFailed("moon", "refused");
  world.network.dialSucceeded("moon");
  world.network.checked("moon", { ok: true });
  assertEquals([world.changes, world.network.players("moon")], [[], 0]);
});

Deno.test("a session's second ticket closes its first", () => {
  const world = network();
  world.kill("hub1", "hub2");
  const session = world.session("lobby");
  session.enter("Steve");
  const first = session.ticket;
  session.enter("Steve", { kind: "go", to: "games", by: "player" });
  world.revive("hub1");
  assertEquals(first?.claim(), undefined);
  assertEquals([world.network.players("hub1"), session.on], [0, "arena1"]);
});

Deno.test("a player who comes from another process has their seat whatever the backend's state, and no login is counted", () => {
  const world = new World({
    backends: [{ name: "hub", maxPlayers: 1 }, "arena"],
    pools: [{ name: "lobby", backends: ["hub", "arena"], joinRate: 1 }],
  });
  world.network.drain("hub");
  world.kill("hub");
  const seats = [1, 2, 3].map(() => world.session("lobby").routes.seat("hub"));
  assertEquals([world.network.players("hub"), seats.map(({ backend }) => backend)], [3, ["hub", "hub", "hub"]]);
  for (const seat of seats) seat.release();
  for (const seat of seats) seat.release();
  assertEquals(world.network.players("hub"), 0);
  world.network.enable("hub");
  world.revive("hub");
  assertEquals(world.session("lobby").enter("Steve"), "hub");
});

Deno.test("a seat that is given back by a player from another process is for the next in line", () => {
  const world = new World({
    backends: [{ name: "hub", maxPlayers: 1 }],
    pools: [{ name: "lobby", backends: ["hub"] }],
  });
  const seat = world.session("lobby").routes.seat("hub");
  const next = world.session("lobby");
  assertEquals(next.enter("Alex"), undefined);
  seat.release();
  world.clock.advance(1_000);
  assertEquals(next.on, "hub");
});

Deno.test("a player on a backend that is not there any more has a seat that nobody counts, and is to leave it", () => {
  const { routes } = network().session("lobby");
  const seat = routes.seat("gone");
  assertEquals([seat.backend, routes.emptied("gone"), routes.emptied("hub1")], ["gone", true, false]);
  seat.release();
});

Deno.test("the pool that a player belongs to is known in another process, if it is there", () => {
  const world = network();
  const before = world.session("lobby");
  before.visit("Steve", { kind: "go", to: "games", by: "player" });
  assertEquals(before.routes.pool, "games");
  const after = world.session("lobby");
  after.routes.resume(before.routes.pool);
  assertEquals([after.routes.pool, after.routes.onKick("arena1")], ["games", "fallback"]);
  after.routes.resume("gone");
  assertEquals(after.routes.pool, "games");
});

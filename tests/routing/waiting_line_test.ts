import { assert, assertEquals } from "../harness/assert.ts";
import { seeded } from "../harness/chunks.ts";
import { type Visitor, World, type WorldOptions } from "./world.ts";

const LOST = { kind: "fallback", from: "", kicked: false } as const;

/** One pool `lobby` of these backends, each with `join_rate` 10. */
function lobby(...backends: WorldOptions["backends"]): World {
  const names = backends.map((backend) => typeof backend === "string" ? backend : backend.name);
  return new World({ backends, pools: [{ name: "lobby", backends: names }] });
}

/** Sessions that have lost their backend and ask for another one, in order. */
function crowd(world: World, count: number, pool = "lobby"): Visitor[] {
  return Array.from({ length: count }, (_, index) => {
    const visitor = world.session(pool);
    visitor.enter(`player${index}`, LOST);
    return visitor;
  });
}

/** Who has a seat, by index. */
function seated(visitors: readonly Visitor[]): number[] {
  return visitors.flatMap(({ on }, index) => on === undefined ? [] : [index]);
}

Deno.test("a player gets a seat at once where nobody waits", () => {
  const world = lobby("hub");
  assertEquals(world.session("lobby").enter("Steve"), "hub");
  assertEquals(world.network.players("hub"), 1);
  assertEquals(world.clock.pending, 0);
});

Deno.test("a crowd is let in one by one, in the order of its coming", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 5);
  assertEquals(seated(visitors), [0]);
  for (let count = 1; count < 5; count++) {
    world.clock.advance(99);
    assertEquals(seated(visitors).length, count);
    world.clock.advance(1);
    assertEquals(seated(visitors), [0, 1, 2, 3, 4].slice(0, count + 1));
  }
  assertEquals(visitors.map(({ calls }) => calls.length), [0, 1, 1, 1, 1]);
});

Deno.test("five hundred players whose pool comes back are all let in, staggered on both backends", () => {
  const world = lobby("hub", "arena");
  world.kill("hub", "arena");
  const visitors = crowd(world, 500);
  world.clock.advance(5_000);
  assertEquals(seated(visitors), []);
  world.revive("hub", "arena");
  const grants: number[] = [];
  for (let ms = 0; ms <= 25_000; ms += 10) {
    world.clock.advance(10);
    grants.push(seated(visitors).length);
    const players = world.network.players("hub") + world.network.players("arena");
    assertEquals(players, grants.at(-1));
    assertEquals(seated(visitors), Array.from({ length: players }, (_, index) => index));
  }
  for (let at = 100; at < grants.length; at++) {
    assert((grants[at] ?? 0) - (grants[at - 100] ?? 0) <= 20, "two backends at 10/s");
  }
  assertEquals(grants.at(-1), 500);
  assertEquals([world.network.players("hub"), world.network.players("arena")], [250, 250]);
  assertEquals(world.clock.mostPending, 1);
});

Deno.test("ordinary arrivals pass a line that is not theirs, and stand in the one that is", () => {
  const world = new World({
    backends: ["hub", "arena"],
    pools: [{ name: "lobby", backends: ["hub"] }, { name: "games", backends: ["arena"] }],
  });
  crowd(world, 3);
  assertEquals(world.session("games").enter("Alex"), "arena");
  const late = world.session("lobby");
  assertEquals(late.enter("Steve"), undefined);
  assertEquals(late.ticket?.place, 3);
  world.clock.advance(300);
  assertEquals(late.on, "hub");
});

Deno.test("a burst of ordinary arrivals waits once ten seconds' worth have passed", () => {
  const world = lobby("hub");
  const visitors = Array.from({ length: 103 }, () => world.session("lobby"));
  for (const visitor of visitors) visitor.enter("Steve");
  assertEquals(seated(visitors).length, 100);
  for (const [ms, count] of [[999, 100], [1, 101], [99, 101], [1, 102], [100, 103]] as const) {
    world.clock.advance(ms);
    assertEquals(seated(visitors).length, count);
  }
});

Deno.test("a full backend takes the next one when a seat is given back, and never more than its limit", () => {
  const world = lobby({ name: "hub", maxPlayers: 2 });
  const visitors = crowd(world, 4);
  world.clock.advance(60_000);
  assertEquals(seated(visitors), [0, 1]);
  visitors[0]?.seat?.release();
  visitors[0]?.seat?.release();
  assertEquals(world.network.players("hub"), 1);
  assertEquals(visitors[2]?.on, undefined, "nobody is called while a seat is given back");
  world.clock.advance(0);
  assertEquals([world.network.players("hub"), visitors[2]?.on], [2, "hub"]);
  world.clock.advance(60_000);
  assertEquals(visitors[3]?.on, undefined);
});

Deno.test("a backend that comes up, or is enabled, calls those who wait for it", () => {
  const world = lobby("hub");
  world.kill("hub");
  const [visitor] = crowd(world, 1);
  world.network.drain("hub");
  world.revive("hub");
  world.clock.advance(10_000);
  assertEquals(visitor?.calls, []);
  world.network.enable("hub");
  assertEquals(visitor?.calls, []);
  world.clock.advance(0);
  assertEquals(visitor?.on, "hub");
});

Deno.test("nobody is called from within another session's claim, enlistment or release", () => {
  const world = lobby({ name: "hub", maxPlayers: 1 }, { name: "arena", maxPlayers: 1 });
  const visitors = crowd(world, 6);
  let inside = false;
  for (const visitor of visitors) {
    visitor.onCall = () => {
      assertEquals(inside, false);
      visitor.claim();
    };
  }
  const within = (act: () => void): void => {
    inside = true;
    act();
    inside = false;
  };
  world.clock.advance(500);
  for (const visitor of visitors) {
    within(() => visitor.seat?.release());
    within(() => visitor.ticket?.close());
    within(() => world.session("lobby").enter("late"));
    world.clock.advance(150);
  }
  assertEquals(visitors.map(({ calls }) => calls.length), [0, 0, 1, 1, 1, 1]);
});

Deno.test("those who close their tickets are called no more and hold nobody up", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 6);
  visitors[1]?.ticket?.close();
  visitors[2]?.ticket?.close();
  assertEquals(visitors[1]?.claim(), undefined);
  assertEquals(visitors[3]?.ticket?.place, 1);
  world.clock.advance(200);
  assertEquals(seated(visitors), [0, 3, 4]);
  assertEquals(visitors[1]?.calls, []);
  for (const { ticket } of visitors) ticket?.close();
  world.clock.advance(1_000);
  visitors[0]?.seat?.release();
  assertEquals(world.clock.pending, 0, "nobody waits any more");
});

Deno.test("one who is called and closes their ticket, or does nothing, holds nobody up", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 5);
  const [, closes, sleeps] = visitors;
  if (closes === undefined || sleeps === undefined) throw new Error("five visitors");
  closes.onCall = () => closes.ticket?.close();
  sleeps.onCall = () => {};
  world.clock.advance(100);
  assertEquals(seated(visitors), [0, 3]);
  world.clock.advance(100);
  assertEquals(seated(visitors), [0, 3, 4]);
  assertEquals([closes.calls.length, sleeps.calls.length], [1, 1]);
  world.clock.advance(2_000);
  assertEquals([closes.calls.length, sleeps.calls.length], [1, 2]);
});

Deno.test("one who was called and claims later is served in their turn again", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 6);
  const [, sleeps] = visitors;
  if (sleeps === undefined) throw new Error("six visitors");
  sleeps.onCall = () => {};
  world.clock.advance(100);
  assertEquals(seated(visitors), [0, 2]);
  assertEquals(sleeps.claim(), undefined);
  sleeps.onCall = () => sleeps.claim();
  world.clock.advance(100);
  assertEquals(seated(visitors), [0, 1, 2]);
});

Deno.test("whoever comes back again and again when called does not hold the line up for ever", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 3);
  const [, returns] = visitors;
  if (returns === undefined) throw new Error("three visitors");
  returns.onCall = () => {
    returns.ticket = returns.routes.enlist("again", LOST);
  };
  world.clock.advance(1_000);
  assertEquals(seated(visitors), [0, 2]);
});

Deno.test("a backend that refused a player is offered to them again after two seconds, to others at once", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 3);
  const [first, second] = visitors;
  first?.refuse();
  assertEquals(first?.ticket?.promising, false);
  assertEquals(first?.claim(), undefined);
  world.clock.advance(200);
  assertEquals(seated(visitors), [1, 2]);
  world.clock.advance(1_799);
  assertEquals(first?.calls, []);
  world.clock.advance(1);
  assertEquals([first?.on, second?.calls.length], ["hub", 1]);
});

Deno.test("a player whose backend refused them gets another one at once", () => {
  const world = lobby("hub", "arena");
  const visitor = world.session("lobby");
  assertEquals(visitor.enter("Steve"), "hub");
  visitor.refuse();
  assertEquals(visitor.ticket?.promising, true);
  assertEquals(visitor.claim(), "arena");
  assertEquals([world.network.players("hub"), world.network.players("arena")], [0, 1]);
});

Deno.test("a player who got a seat and was refused has kept their place in line", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 30);
  world.clock.advance(100);
  const second = visitors[1];
  assertEquals(second?.on, "hub");
  second?.refuse();
  second?.claim();
  world.clock.advance(1_000);
  assertEquals(second?.ticket?.place, 1);
  assertEquals(visitors[20]?.ticket?.place, 10);
  world.clock.advance(1_000);
  assertEquals([second?.on, seated(visitors).length], ["hub", 21]);
});

Deno.test("a refusal that is told while the player waits is kept to", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 2);
  visitors[1]?.ticket?.refused("hub");
  world.clock.advance(1_999);
  assertEquals(seated(visitors), [0]);
  world.clock.advance(1);
  assertEquals(seated(visitors), [0, 1]);
});

Deno.test("a ticket is promising as long as some backend that it may have is up and takes players at all", () => {
  const world = lobby({ name: "hub", maxPlayers: 1 }, "arena");
  world.kill("arena");
  const visitors = crowd(world, 2);
  assertEquals(visitors[1]?.ticket?.promising, true, "full is a matter of waiting");
  world.network.drain("hub");
  assertEquals(visitors[1]?.ticket?.promising, false);
  world.revive("arena");
  assertEquals(visitors[1]?.ticket?.promising, true);
  world.kill("arena");
  world.network.enable("hub");
  world.kill("hub");
  assertEquals(visitors[1]?.ticket?.promising, false);
});

Deno.test("a place in line counts those before who wait for a backend that would do, too", () => {
  const world = new World({
    backends: ["hub", "arena", "museum"],
    pools: [
      { name: "lobby", backends: ["hub", "arena"] },
      { name: "games", backends: ["arena"] },
      { name: "quiet", backends: ["museum"] },
    ],
  });
  world.kill("hub", "arena", "museum");
  const places = ["lobby", "games", "quiet", "lobby", "quiet", "games"].map((pool) => {
    const [visitor] = crowd(world, 1, pool);
    return visitor?.ticket?.place;
  });
  assertEquals(places, [1, 2, 1, 3, 2, 4]);
});

Deno.test("a player does not wait behind one who waits for something else", () => {
  const world = lobby("hub", "arena");
  world.kill("hub");
  const waits = world.session("lobby");
  waits.enter("Steve", { kind: "go", to: "hub", by: "player" });
  assertEquals(world.session("lobby").enter("Alex"), "arena");
});

Deno.test("a closed line calls nobody", () => {
  const world = lobby("hub");
  const visitors = crowd(world, 2);
  world.network.close();
  visitors[0]?.seat?.release();
  world.clock.advance(60_000);
  assertEquals([world.clock.pending, visitors[1]?.calls.length], [0, 0]);
});

Deno.test("whatever happens, seats are counted exactly, limits are kept and everyone gets in at last", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const names = ["a", "b", "c"];
    const world = lobby(...names.map((name) => ({ name, maxPlayers: 20 })));
    const active: Visitor[] = [];
    const come = (): void => {
      const visitor = world.session("lobby");
      const sleepy = random.below(10) === 0;
      visitor.onCall = () => {
        if (!sleepy || random.below(2) === 0) visitor.claim();
      };
      visitor.enter(`player${active.length}`, random.pick([LOST, { kind: "join" }] as const));
      active.push(visitor);
    };
    const leave = (visitor: Visitor): void => {
      visitor.seat?.release();
      visitor.ticket?.close();
      active.splice(active.indexOf(visitor), 1);
    };
    for (let step = 0; step < 1500; step++) {
      world.clock.advance(random.below(100));
      const name = random.pick(names);
      const act = random.below(12);
      if (act < 5 && active.length < 60) come();
      else if (act < 7 && active.length > 0) leave(random.pick(active));
      else if (act === 8 && active.length > 0) {
        const visitor = random.pick(active);
        if (visitor.on === undefined) continue;
        visitor.refuse();
        visitor.claim();
      } else if (act === 9) random.pick([() => world.kill(name), () => world.revive(name)])();
      else if (act === 10) random.pick([() => world.network.drain(name), () => world.network.enable(name)])();
      for (const name of names) {
        assertEquals(world.network.players(name), active.filter(({ on }) => on === name).length, `seed ${seed}`);
        assert(world.network.players(name) <= 20);
      }
    }
    world.revive(...names);
    for (const name of names) world.network.enable(name);
    world.clock.advance(60_000);
    assertEquals(seated(active).length, active.length, `seed ${seed}`);
    assert(world.clock.mostPending <= 1);
  }
});

Deno.test("five thousand waiting players cost little", () => {
  const world = lobby("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  world.kill(...names);
  const began = performance.now();
  const visitors = crowd(world, 5_000);
  const enlisted = performance.now();
  const tellings = Array.from({ length: 5 }, () => {
    // Whoever comes and goes has the places counted anew.
    for (const { ticket } of crowd(world, 1)) ticket?.close();
    const asked = performance.now();
    const places = visitors.map(({ ticket }) => ticket?.place);
    return { places, ms: performance.now() - asked };
  });
  const told = performance.now();
  world.revive(...names);
  world.clock.advance(60_000);
  const ended = performance.now();
  for (const { places } of tellings) assertEquals(places, visitors.map((_, index) => index + 1));
  assertEquals(seated(visitors).length, 5_000);
  assert(enlisted - began < 2_000, `enlisting took ${enlisted - began} ms`);
  // Counted for each of them anew, they take longer than all the rest.
  const quickest = Math.min(...tellings.map(({ ms }) => ms));
  assert(quickest < (enlisted - began) / 2, `telling them their places took ${quickest} ms`);
  assert(ended - told < 15_000, `a minute of the line took ${ended - told} ms`);
});

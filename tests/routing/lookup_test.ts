import type { Asker, Destination } from "../../lib/session/routes.ts";
import { assertEquals } from "../harness/assert.ts";
import { World } from "./world.ts";

/** A network with backends in every state. */
function world(): World {
  const world = new World({
    backends: [
      "hub",
      { name: "Arena", maxPlayers: 1 },
      { name: "arena", joinable: false },
      "museum",
      "closet",
      { name: "office", joinable: false },
    ],
    pools: [
      { name: "lobby", backends: ["hub", "Arena"] },
      { name: "games", backends: ["Arena", "museum", "closet"] },
      { name: "away", backends: ["museum", "closet"] },
      { name: "dead", backends: ["museum"] },
      { name: "staff", backends: ["office", "museum"] },
      { name: "secret", backends: ["office"] },
    ],
  });
  world.kill("museum");
  world.network.drain("closet");
  world.session("games").enter("Steve");
  return world;
}

const cases: readonly (readonly [name: string, by: Asker, here: string, expected: Destination])[] = [
  ["hub", "player", "", { kind: "open", name: "hub" }],
  ["HUB", "player", "", { kind: "open", name: "hub" }],
  ["hub", "player", "hub", { kind: "here", name: "hub" }],
  ["hub", "player", "museum", { kind: "open", name: "hub" }],
  ["Arena", "operator", "", { kind: "closed", name: "Arena", why: "full" }],
  ["arena", "operator", "", { kind: "open", name: "arena" }],
  ["arena", "player", "", { kind: "closed", name: "Arena", why: "full" }],
  ["ARENA", "backend", "", { kind: "closed", name: "Arena", why: "full" }],
  ["museum", "player", "", { kind: "closed", name: "museum", why: "down" }],
  ["closet", "player", "", { kind: "closed", name: "closet", why: "drained" }],
  ["lobby", "player", "", { kind: "open", name: "lobby" }],
  ["Lobby", "player", "Arena", { kind: "here", name: "lobby" }],
  ["games", "player", "hub", { kind: "closed", name: "games", why: "full" }],
  ["away", "player", "hub", { kind: "closed", name: "away", why: "drained" }],
  ["dead", "player", "hub", { kind: "closed", name: "dead", why: "down" }],
  ["staff", "backend", "hub", { kind: "open", name: "staff" }],
  ["staff", "player", "hub", { kind: "closed", name: "staff", why: "down" }],
  ["staff", "player", "office", { kind: "here", name: "staff" }],
  ["office", "operator", "hub", { kind: "open", name: "office" }],
  ["office", "player", "hub", { kind: "unknown", name: "office", nearest: undefined }],
  ["secret", "player", "hub", { kind: "unknown", name: "secret", nearest: undefined }],
  ["secre", "operator", "hub", { kind: "unknown", name: "secre", nearest: "secret" }],
  ["museun", "player", "hub", { kind: "unknown", name: "museun", nearest: "museum" }],
  ["offic", "player", "hub", { kind: "unknown", name: "offic", nearest: undefined }],
  ["", "player", "", { kind: "unknown", name: "", nearest: undefined }],
];

for (const [name, by, here, expected] of cases) {
  const place = here === "" ? "nowhere" : here;
  Deno.test(`"${name}" leads a ${by} on ${place} to ${JSON.stringify(expected)}`, () => {
    assertEquals(world().session("lobby").routes.lookup(name, by, here), expected);
  });
}

Deno.test("players are shown the backends they may choose, in order, with their state", () => {
  assertEquals(world().session("lobby").routes.list(), [
    { name: "hub", players: 0, maxPlayers: 0, state: "up" },
    { name: "Arena", players: 1, maxPlayers: 1, state: "full" },
    { name: "museum", players: 0, maxPlayers: 0, state: "down" },
    { name: "closet", players: 0, maxPlayers: 0, state: "drained" },
  ]);
});

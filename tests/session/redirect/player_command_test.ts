import { wrapText } from "../../../lib/protocol/text.ts";
import { listing, readCommand, refusal } from "../../../lib/session/redirect/player_command.ts";
import type { ListedBackend } from "../../../lib/session/routes.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

function backend(name: string, values: Partial<ListedBackend> = {}): ListedBackend {
  return { name, players: 0, maxPlayers: 0, state: "up", ...values };
}

Deno.test("the command alone lists, with a name it moves", () => {
  for (const line of ["/server", "/SERVER", "  /server ", "/server\t"]) {
    assertEquals(readCommand(line, "/server"), { kind: "list" }, line);
  }
  for (const line of ["/server arena", "/Server   arena  ", `${" ".repeat(57)}/server arena`]) {
    assertEquals(readCommand(line, "/server"), { kind: "move", to: "arena" }, line);
  }
  assertEquals(readCommand("/server two  words", "/server"), { kind: "move", to: "two words" });
});

Deno.test("other lines are none", () => {
  for (
    const line of ["", "server", "/servers", "/serve", "//server", "/server\u00a7x", "hey /server arena", "&e/server"]
  ) {
    assertEquals(readCommand(line, "/server"), undefined, line);
  }
});

Deno.test("a line in parts is the command if any server would read it so", () => {
  const parts = (...texts: readonly string[]): string =>
    texts.map((text, index) => index < texts.length - 1 ? text.padEnd(64) : text).join("");
  assertEquals(readCommand(parts("/server", "arena"), "/server"), { kind: "move", to: "arena" });
  assertEquals(readCommand(parts("/ser", "ver arena"), "/server"), { kind: "move", to: "arena" });
  assertEquals(readCommand(parts("/ser", "v", "er"), "/server"), { kind: "list" });
  assertEquals(readCommand(parts("/server ar", "ena"), "/server"), { kind: "move", to: "ar ena" });
  for (const line of [parts("/ser ", "ver", " arena").slice(1), parts("/ser", "vers"), "/ser ver arena", "/ser  ver"]) {
    assertEquals(readCommand(line, "/server"), undefined, line);
  }
});

Deno.test("the configuration names the command, in any case", () => {
  assertEquals(readCommand("/HUB arena", "/hub"), { kind: "move", to: "arena" });
  assertEquals(readCommand("/hub", "/Hub"), { kind: "list" });
  assertEquals(readCommand("/server", "/hub"), undefined);
});

Deno.test("the list shows how many play where, what is full, closed or down, and where the player is", () => {
  const backends = [
    backend("hub", { players: 3 }),
    backend("arena", { players: 1 }),
    backend("small", { players: 8, maxPlayers: 8, state: "full" }),
    backend("roomy", { players: 1, maxPlayers: 20 }),
    backend("old", { players: 2, state: "drained" }),
    backend("museum", { state: "down" }),
  ];
  assertEquals(listing(backends, "hub", "/server"), [
    "&eServers &7(/server NAME to go there)",
    "&a> hub &73 players, here",
    "&f  arena &71 player",
    "&6  small &78/8 players, &6full",
    "&f  roomy &71/20 players",
    "&8  old &72 players, &8closed",
    "&c  museum &cis down",
  ]);
});

Deno.test("every line of the list fits a packet, however long the names and large the numbers", () => {
  const name = "n".repeat(32);
  const states = ["up", "full", "drained", "down"] as const;
  const backends = states.flatMap((state) =>
    [0, 5, 100_000].flatMap((maxPlayers) => [0, 1, 100_000].map((players) => ({ name, players, maxPlayers, state })))
  );
  const command = `/${"c".repeat(31)}`;
  for (const here of ["", name]) {
    for (const line of listing(backends, here, command)) {
      assert(line.length <= 64, `${line.length}: ${line}`);
      assertEquals(wrapText(line), [line]);
    }
  }
});

Deno.test("a long list ends with how many more there are", () => {
  const lines = listing(Array.from({ length: 43 }, (_, index) => backend(`b${index}`)), "", "/server");
  assertEquals([lines.length, lines.at(-1)], [42, "&7and 3 more"]);
  assertEquals(listing([], "", "/server"), ["&eThere are no servers to choose from"]);
});

Deno.test("a refusal says what stands in the way, and repeats nothing that could do harm in chat", () => {
  assertEquals(refusal({ kind: "open", name: "arena" }, "arena"), undefined);
  assertEquals(refusal({ kind: "here", name: "hub" }, "HUB"), "&eYou are on hub already");
  assertEquals(refusal({ kind: "closed", name: "arena", why: "down" }, "arena"), "&carena is down");
  assertEquals(refusal({ kind: "closed", name: "arena", why: "full" }, "arena"), "&carena is full");
  assertEquals(refusal({ kind: "closed", name: "arena", why: "drained" }, "arena"), "&carena takes nobody now");
  const unknown = (asked: string, nearest?: string): string | undefined =>
    refusal({ kind: "unknown", name: asked, nearest }, asked);
  assertEquals(unknown("arnea", "arena"), "&cThere is no server arnea, did you mean arena?");
  assertEquals(unknown("&4x %c☺"), "&cThere is no server ?4x?%c?");
  assertEquals(unknown("x".repeat(6_000)), `&cThere is no server ${"x".repeat(32)}`);
});

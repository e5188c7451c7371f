import { coloured } from "../../lib/ctl/paint.ts";
import { type Cell, table } from "../../lib/ctl/table.ts";
import { assertEquals } from "../harness/assert.ts";

const ROWS: readonly (readonly Cell[])[] = [
  ["hub", { text: "up", colour: "green" }, 7, ""],
  ["a-long-name", { text: "drained", colour: "yellow" }, 120, "why"],
];

Deno.test("a table has aligned columns, numbers at the right and nothing behind a line", () => {
  assertEquals(table(["BACKEND", "STATE", "PLAYERS", "CAUSE"], ROWS).split("\n"), [
    "BACKEND      STATE    PLAYERS  CAUSE",
    "hub          up             7",
    "a-long-name  drained      120  why",
    "",
  ]);
});

Deno.test("colours change nothing of where the columns of a table stand", () => {
  const text = table(["BACKEND", "STATE", "PLAYERS", "CAUSE"], ROWS, coloured);
  const bare = ["\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[0m"].reduce((rest, code) => rest.replaceAll(code, ""), text);
  assertEquals(bare, table(["BACKEND", "STATE", "PLAYERS", "CAUSE"], ROWS));
  assertEquals(text.split("\n")[1], "hub          \x1b[32mup\x1b[0m             7");
});

Deno.test("a table shows what could drive a terminal as text, and stays aligned", () => {
  assertEquals(table(["NAME", "STATE"], [["\x1b[2J", "up"], ["a\nb", "down"], ["\u202e\u009b", "up"]]).split("\n"), [
    "NAME          STATE",
    "\\u001b[2J     up",
    "a\\u000ab      down",
    "\\u202e\\u009b  up",
    "",
  ]);
});

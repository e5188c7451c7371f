import { currentValue } from "../../lib/config/current_value.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("currentValue tells each kind of value in a few words", () => {
  const shown: readonly (readonly [value: unknown, words: string])[] = [
    ["a", '"a"'],
    ["a".repeat(81), `"${"a".repeat(80)}…"`],
    [1.5, "1.5"],
    [false, "false"],
    [[], "an empty array"],
    [[1], "an array"],
    [{}, "a table"],
    [null, "null"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
  ];
  for (const [value, words] of shown) assertEquals(currentValue(value), `current value is ${words}`);
});

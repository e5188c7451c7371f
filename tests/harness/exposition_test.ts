import { assertEquals, assertThrows } from "./assert.ts";
import { parseExposition } from "./exposition.ts";

const GOOD = String.raw`# HELP edge_things_total Things, with \\ and \n.
# TYPE edge_things_total counter
edge_things_total{kind="a \"b\" \\ \n c, d}"} 3
edge_things_total{kind="",other="x"} 1e3

# HELP edge_heat_celsius How hot it is.
# TYPE edge_heat_celsius gauge
edge_heat_celsius -2.5

# HELP edge_wait_seconds How long.
# TYPE edge_wait_seconds histogram
edge_wait_seconds_bucket{le="0.5"} 1
edge_wait_seconds_bucket{le="1"} 1
edge_wait_seconds_bucket{le="+Inf"} 2
edge_wait_seconds_sum 7.25
edge_wait_seconds_count 2
`;

Deno.test("what a careful writer gives is read", () => {
  const read = parseExposition(GOOD);
  assertEquals(read.families.get("edge_things_total")?.help, "Things, with \\ and \n.");
  assertEquals(read.value("edge_things_total", { kind: 'a "b" \\ \n c, d}' }), 3);
  assertEquals(read.value("edge_things_total", { other: "x", kind: "" }), 1_000);
  assertEquals(read.value("edge_things_total"), undefined);
  assertEquals(read.value("edge_heat_celsius"), -2.5);
  assertEquals(read.value("edge_wait_seconds_bucket", { le: "+Inf" }), 2);
  assertEquals(read.total("edge_things_total"), 1_003);
  assertEquals(read.valuesOf("edge_things_total", "kind"), ["", 'a "b" \\ \n c, d}']);
  assertEquals(read.series, 8);
});

/** What is replaced in {@linkcode GOOD}, by what, and what the reader says to it. */
const MISTAKES: readonly (readonly [from: string, to: string, message: string])[] = [
  ["_count 2\n", "_count 2", "the last line does not end"],
  ["# TYPE edge_heat_celsius gauge\n", "", "line 7: no TYPE before it"],
  ["# HELP edge_heat_celsius How hot it is.\n", "", "line 6: TYPE must follow its own HELP"],
  ["gauge\n", "gauge\n# TYPE edge_heat_celsius gauge\n", "line 8: TYPE must follow its own HELP"],
  ["celsius gauge", "celsius thermometer", "line 7: neither HELP nor a known TYPE"],
  ["How hot it is.", "", "line 6: neither HELP nor"],
  ["# HELP edge_heat_celsius", "# HELP edge-heat", "line 6: not a name"],
  ["# HELP edge_wait_seconds", "# HELP edge_things_total", "line 10: the family was described before"],
  ["-2.5\n", "-2.5\nedge_things_total 4\n", "line 9: not a sample of edge_heat_celsius"],
  ["-2.5\n", "-2.5\nedge_heat_celsius 1\n", "line 9: the series was there before"],
  ['kind="",other="x"', 'other="x",other="x"', "line 4: a label twice"],
  ['kind="",', "kind=,", "line 4: not a list of labels"],
  ['other="x"', 'other="x",', "line 4: not a list of labels"],
  ['other="x"', 'other="\\t"', "line 4: not a list of labels"],
  ['other="x"', '__other="x"', "line 4: a reserved label"],
  ['other="x"', 'le="1"', "line 4: le belongs to buckets"],
  ["with \\\\", "with \\t", "line 1: no escape is \\t"],
  ["-2.5", "Nan", "line 8: not a sample"],
  ["-2.5", "1 1700000000000", "line 8: not a sample"],
  ["-2.5", "", "line 8: not a sample"],
  ["1e3", "-1", "line 4: a count is not negative"],
  ["things_total Things", "things Things", "line 2: TYPE must follow its own HELP"],
  ["heat_celsius", "heat_total", "line 7: a gauge has no such name"],
  ['{le="0.5"} 1', '{le="0.5"} 2', "the buckets of edge_wait_seconds{} do not ascend"],
  ['{le="1"}', '{le="0.25"}', "the buckets of edge_wait_seconds{} do not ascend"],
  ['edge_wait_seconds_bucket{le="+Inf"} 2\n', "", "the last bucket of edge_wait_seconds{} is not its count"],
  ["_count 2", "_count 3", "the last bucket of edge_wait_seconds{} is not its count"],
  ["edge_wait_seconds_sum 7.25\n", "", "edge_wait_seconds{} has no sum or no count"],
];

for (const [from, to, message] of MISTAKES) {
  Deno.test(`a mistake is found: ${message} (${JSON.stringify(to)})`, () => {
    assertEquals(GOOD.includes(from), true);
    assertThrows(() => parseExposition(GOOD.replaceAll(from, () => to)), Error, message);
  });
}

Deno.test("a counter that is not called so is found", () => {
  const text = "# HELP things Things.\n# TYPE things counter\nthings 1\n";
  assertThrows(() => parseExposition(text), Error, "line 2: the name of a counter ends in _total");
});

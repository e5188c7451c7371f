import { parseConfig } from "../../lib/config/load.ts";
import { type JsonSchema, jsonSchema } from "../../lib/config/schema.ts";
import { isTable, parseToml } from "../../lib/config/toml.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const PATH = "kurafuto.example.toml";
const EXAMPLE = Deno.readTextFileSync(new URL(`../../${PATH}`, import.meta.url));
/** The example with every setting that it shows in a comment switched on. */
const COMPLETE = EXAMPLE.replaceAll(/^#(?=\[|[a-z_]+ = )/gm, "");

/** Keys of the schema as `section.key`. */
function schemaKeys(): readonly { section: string; key: string; schema: JsonSchema }[] {
  return Object.entries(jsonSchema().properties ?? {}).flatMap(([section, table]) =>
    Object.entries((table.items ?? table).properties ?? {}).map(([key, schema]) => ({ section, key, schema }))
  );
}

Deno.test("the example loads as shipped, without a warning", () => {
  assertEquals(parseConfig(EXAMPLE, { path: PATH }).warnings, []);
});

Deno.test("the example loads with every setting switched on", () => {
  assertEquals(parseConfig(COMPLETE, { path: PATH }).config.heartbeats.length, 1);
});

Deno.test("the example shows every key", () => {
  const { root } = parseToml(COMPLETE);
  for (const { section, key } of schemaKeys()) {
    const found = root[section];
    const table = Array.isArray(found) ? found[0] : found;
    assert(isTable(table) && key in table, `${section}.${key}`);
  }
});

Deno.test("the example shows in comments what the defaults are, and only that", () => {
  const shipped = parseToml(EXAMPLE);
  const complete = parseToml(COMPLETE);
  for (const { section, key, schema } of schemaKeys()) {
    const tables = [shipped.root[section], complete.root[section]].map((found) =>
      Array.isArray(found) ? found[0] : found
    );
    const [active, shown] = tables.map((table) => isTable(table) ? table[key] : undefined);
    if (schema.default === undefined) continue;
    assertEquals(active, undefined, `${section}.${key} is a default and should be a comment`);
    assertEquals(shown, schema.default, `${section}.${key}`);
  }
});

Deno.test("the example explains every setting right above it", () => {
  const lines = EXAMPLE.split("\n");
  lines.forEach((line, index) => {
    if (/^#?[a-z_]+ = /.test(line)) assert(lines[index - 1]?.startsWith("# "), `line ${index + 1}: ${line}`);
  });
});

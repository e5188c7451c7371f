import { Ajv } from "ajv";
import { type JsonSchema, jsonSchema } from "../../lib/config/schema.ts";
import { parseToml } from "../../lib/config/toml.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { minimalToml } from "./minimal_toml.ts";
import { runCli } from "./run_cli.ts";

const [SCHEMA, EXAMPLE, README] = ["kurafuto.schema.json", "kurafuto.example.toml", "README.md"].map((file) =>
  Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url))
) as [string, string, string];

/** Sections that turn something on by being there. */
const ABSENT_SECTIONS = new Set(["heartbeat_absorber", "admin"]);

/** Keywords that drafts 4, 6 and 7 read alike. */
const COMMON_KEYWORDS = new Set([
  "$schema",
  "type",
  "title",
  "description",
  "default",
  "enum",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
]);

/** Every schema in `schema` with its path. */
function* walk(schema: JsonSchema, path = ""): Generator<readonly [string, JsonSchema]> {
  yield [path, schema];
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    yield* walk(inner, path === "" ? key : `${path}.${key}`);
  }
}

Deno.test("jsonSchema declares draft 7 and keeps to what older readers understand", () => {
  assertEquals(Object.entries(jsonSchema())[0], ["$schema", "http://json-schema.org/draft-07/schema#"]);
  for (const [path, schema] of walk(jsonSchema())) {
    const strange = Object.keys(schema).filter((keyword) => !COMMON_KEYWORDS.has(keyword));
    assertEquals(strange, [], path);
    assert(["object", "array", "string", "integer", "boolean"].includes(schema.type ?? ""), path);
  }
});

Deno.test("jsonSchema refuses unknown keys in every table", () => {
  for (const [path, schema] of walk(jsonSchema())) {
    if (schema.type === "object") assertEquals(Object.entries(schema).at(-1), ["additionalProperties", false], path);
  }
});

Deno.test("jsonSchema gives every key a title and a description", () => {
  for (const [path, schema] of walk(jsonSchema())) {
    if (path === "" || path.endsWith("[]")) continue;
    assert(schema.title && schema.description, path);
  }
});

Deno.test("jsonSchema gives every key that may be left out its default", () => {
  for (const [path, schema] of walk(jsonSchema())) {
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (ABSENT_SECTIONS.has(key)) continue;
      assertEquals("default" in inner, !schema.required?.includes(key), `${path}.${key}`);
    }
  }
});

Deno.test("kurafuto.schema.json is what kurafuto schema prints", async () => {
  const { stdout } = await runCli(["schema"]);
  assertEquals(SCHEMA, stdout, "Run: kurafuto schema > kurafuto.schema.json");
});

Deno.test("the example names the schema where editors look for it", () => {
  assertEquals(EXAMPLE.split("\n", 1), ["#:schema ./kurafuto.schema.json"]);
});

/** What a validator of draft 7 that is not ours has against `toml`. */
function faults(toml: string): readonly string[] {
  const validate = new Ajv({ allErrors: true }).compile(JSON.parse(SCHEMA));
  validate(parseToml(toml).root);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

Deno.test("a validator accepts what the manual shows", () => {
  const [, smallest = ""] = /```toml\n([^`]*\[\[listener\]\][^`]*)```/.exec(README) ?? [];
  assertStringIncludes(smallest, "[[pool]]");
  const complete = EXAMPLE.replaceAll(/^#(?=\[|[a-z_]+ = )/gm, "");
  for (const toml of [smallest, EXAMPLE, complete]) assertEquals(faults(toml), []);
});

Deno.test("a validator finds what an editor should mark", () => {
  assertEquals(faults(""), [" required"]);
  const marked = {
    "[edge]\nmax_player = 3": "/edge additionalProperties",
    "[edge]\nmax_players = 0": "/edge/max_players minimum",
    '[edge]\nmax_players = "many"': "/edge/max_players type",
    [`[edge]\nmotd = "${"x".repeat(65)}"`]: "/edge/motd maxLength",
    '[health]\ninterval = "2"': "/health/interval pattern",
    '[log]\nlevel = "warning"': "/log/level enum",
    '[[pool]]\nname = "empty"\nbackends = []': "/pool/1/backends minItems",
    '[[backend]]\nname = "arena"': "/backend/1 required",
    "[heartbeat]": "/heartbeat type",
    "[limit]": " additionalProperties",
  };
  for (const [rest, fault] of Object.entries(marked)) assertEquals(faults(minimalToml({ rest })), [fault], rest);
});

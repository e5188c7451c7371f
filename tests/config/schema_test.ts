import { type JsonSchema, jsonSchema } from "../../lib/config/schema.ts";
import { assert, assertEquals } from "../harness/assert.ts";

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

Deno.test("jsonSchema has every key of the configuration", () => {
  const keys = [...walk(jsonSchema())].map(([path]) => path.replace("[].", "."));
  assertEquals(keys.filter((path) => path.includes(".") && !path.endsWith("[]")), [
    ...["name", "motd", "data_dir", "max_players", "drain_timeout", "driver"].map((key) => `edge.${key}`),
    ...["cpe.app_name", "cpe.exclude", "log.level", "log.format"],
    ...["name", "bind", "mode", "pool", "auth", "websocket", "proxy_protocol_from", "real_ip_from"].map((key) =>
      `listener.${key}`
    ),
    ...["listener.tls_cert", "listener.tls_key"],
    ...["name", "address", "weight", "max_players", "joinable", "token", "salt", "forward_ip"].map((key) =>
      `backend.${key}`
    ),
    ...["name", "backends", "balance", "recent", "fallback", "on_kick", "join_rate"].map((key) => `pool.${key}`),
    ...["interval", "timeout", "rise", "fall", "login", "backend_idle_timeout"].map((key) => `health.${key}`),
    ...["redirect.command", "redirect.plugin_channel"],
    ...["connections_per_address", "connect_rate_per_address", "login_timeout", "logins_at_once", "packets_per_second"]
      .map((key) => `limits.${key}`),
    ...["chat_rate", "client_buffer", "allow_only", "dry_run"].map((key) => `limits.${key}`),
    ...["auth.salt_rotation", "auth.salt_overlap", "auth.duplicate_names"],
    ...["listener", "url", "public", "interval", "port", "name_suffix"].map((key) => `heartbeat.${key}`),
    ...["heartbeat_absorber.bind", "heartbeat_absorber.from", "admin.bind", "admin.token_file"],
  ]);
});

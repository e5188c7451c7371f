import { ConfigError } from "../../lib/config/problem.ts";
import { findEdge, type FoundEdge, type Search } from "../../lib/ctl/find_edge.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../harness/assert.ts";

/** Looks for the edge with a file that holds `toml` and another one, at `TOKEN`, that holds `token`. */
async function find(
  toml: string | undefined,
  { env, token = "secret\n", ...search }: Partial<Search> & { env?: Record<string, string>; token?: string } = {},
): Promise<FoundEdge> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/kurafuto.toml`;
  try {
    await Deno.writeTextFile(`${folder}/token`, token);
    if (toml !== undefined) await Deno.writeTextFile(path, toml.replace("TOKEN", `${folder}/token`));
    return await findEdge({
      admin: undefined,
      tokenFile: undefined,
      configuration: () => Promise.resolve({ path, env: env ?? {} }),
      ...search,
      ...search.tokenFile === "TOKEN" && { tokenFile: `${folder}/token` },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const BINDS: readonly (readonly [bind: string, host: string])[] = [
  ["127.0.0.1:8081", "127.0.0.1"],
  ["0.0.0.0:8081", "127.0.0.1"],
  ["[::]:8081", "::1"],
  ["[::1]:8081", "::1"],
  ["admin.example.org:8081", "admin.example.org"],
];

Deno.test("the edge is where [admin] says, and on loopback where that is every address", async () => {
  for (const [bind, host] of BINDS) {
    const { endpoint, token } = await find(`[admin]\nbind = "${bind}"\ntoken_file = "TOKEN"`);
    assertEquals([endpoint.name, endpoint.dial, token], [bind, { kind: "tcp", host, port: 8081 }, "secret"]);
  }
  const { endpoint, token, advice } = await find("[admin]");
  assertEquals([endpoint.name, token], ["127.0.0.1:8080", undefined]);
  assertStringIncludes(advice ?? "", "name the address of before with --admin");
});

Deno.test("the edge is found though the rest of the file is wrong, as it may be while the edge runs", async () => {
  const { endpoint } = await find('listener = 7\n[edge]\nmotto = 1\n[admin]\nbind = "unix:/run/admin.sock"');
  assertEquals(endpoint.dial, { kind: "unix", path: "/run/admin.sock" });
});

Deno.test("the edge is found whatever is wrong with variables for other sections than [admin]", async () => {
  const env = { KURAFUTO_LOG__LEVLE: "x", KURAFUTO_LOG__LEVEL: "x" };
  assertEquals((await find("[admin]", { env })).endpoint.name, "127.0.0.1:8080");
  await assertRejects(() => find("[admin]", { env: { KURAFUTO_ADMIN__BNID: "x" } }), ConfigError, "ADMIN__BIND?");
});

Deno.test("variables are stronger than the file, and flags than both", async () => {
  const env = { KURAFUTO_ADMIN__BIND: "127.0.0.1:9001" };
  assertEquals((await find('[admin]\nbind = "127.0.0.1:9000"', { env })).endpoint.name, "127.0.0.1:9001");
  assertEquals((await find("", { env })).endpoint.name, "127.0.0.1:9001");
  assertEquals((await find("[admin]", { env, admin: "127.0.0.1:9002" })).endpoint.name, "127.0.0.1:9002");
});

Deno.test("with --admin no configuration is read, and its token is shown to nobody else", async () => {
  const configuration = (): Promise<never> => Promise.reject(new Error("read"));
  const found = await find('[admin]\ntoken_file = "TOKEN"', { admin: "[::1]:80", configuration });
  assertEquals([found.endpoint.dial, found.token], [{ kind: "tcp", host: "::1", port: 80 }, undefined]);
  assertEquals(found.advice, undefined);
  assertEquals((await find(undefined, { admin: "unix:/x", configuration, tokenFile: "TOKEN" })).token, "secret");
  const url = await find(undefined, { admin: "https://example.org/edge", configuration });
  assertEquals([url.endpoint.base.href, url.endpoint.dial], ["https://example.org/edge/", undefined]);
});

/** A file, and what is said about it. */
const UNFOUND: readonly (readonly [toml: string, message: string])[] = [
  ["", "/kurafuto.toml: admin: Cannot ask the edge as there is no [admin]: add it and restart the edge"],
  ['[admin]\nbind = "127.0.0.1:0"', "as the edge took a free port"],
  ["[admin]\nbnd = 1", 'kurafuto.toml:2: admin.bnd: Cannot use key as it is unknown (did you mean "bind"?)'],
  ["[admin", "kurafuto.toml:1: "],
  ['[admin]\ntoken_file = "/nowhere/token"', "/nowhere/token: Cannot read file as it does not exist"],
];

for (const [toml, message] of UNFOUND) {
  Deno.test(`the edge is not found, and it is said why, with: ${JSON.stringify(toml)}`, async () => {
    assertStringIncludes((await assertRejects(() => find(toml), ConfigError)).message, message);
  });
}

Deno.test("what is no token is refused, and not told", async () => {
  for (const token of ["", " \n", "two words", "öffne"]) {
    const { message } = await assertRejects(() => find('[admin]\ntoken_file = "TOKEN"', { token }), ConfigError);
    assertStringIncludes(message, "Cannot use token as it must be printable ASCII");
    assertEquals(/two|öffne/.test(message), false);
  }
});

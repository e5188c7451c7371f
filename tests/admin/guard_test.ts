import { AdminGuard } from "../../lib/admin/guard.ts";
import { AdminServer } from "../../lib/admin/server.ts";
import { Token } from "../../lib/admin/token.ts";
import type { Address } from "../../lib/config/address.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../harness/assert.ts";
import { FakeControl } from "./fake_control.ts";
import { ask, type RawAnswer } from "./raw_client.ts";
import { LOOPBACK, OPEN, PAGE, Subject } from "./subject.ts";

const SECRET = "correct-horse-battery-staple";
const CLOSED = { ...OPEN, token: new Token(SECRET) };
const WIDE: Address = { kind: "tcp", host: "0.0.0.0", port: 0 };

/** Status and code of an answer. */
function outcome({ status, text }: { readonly status: number; readonly text: string }): readonly [number, string] {
  return [status, status === 200 ? "" : JSON.parse(text).error.code];
}

Deno.test("with a token, whoever comes from this machine may look at everything and change nothing without it", async () => {
  await using subject = await Subject.open({ access: CLOSED });
  for (const path of ["/v1/status", "/v1/players", "/v1/backends", "/v1/explain/Notch"]) {
    assertEquals([path, (await subject.ask(path)).status], [path, 200]);
    assertEquals([path, (await subject.ask(path, { method: "HEAD" })).status], [path, 200]);
  }
  for (const path of ["/v1/announce", "/v1/reload", "/v1/drain", "/v1/players/Notch/kick", "/metrics", "/"]) {
    assertEquals([path, ...outcome(await subject.order(path, {}))], [path, 401, "unauthorized"]);
  }
  assertEquals(subject.control.orders, []);
});

Deno.test("beyond loopback, everything but the page, health and metrics needs the token", async () => {
  await using subject = await Subject.open({ bind: WIDE, access: CLOSED });
  for (const path of ["/", "/healthz", "/readyz", "/metrics"]) assertEquals((await subject.ask(path)).status, 200);
  const views = ["status", "players", "backends", "events", "plan", "explain/Notch", "nothing"].map((name) =>
    `/v1/${name}`
  );
  for (const path of [...views, "//v1/status", "/%761/status", "/nothing"]) {
    const answer = await subject.ask(path);
    assertEquals([path, ...outcome(answer)], [path, 401, "unauthorized"]);
    assertEquals(answer.headers.get("www-authenticate"), 'Bearer realm="kurafuto"');
  }
  for (const path of ["/v1/announce", "/v1/reload", "/v1/drain", "/v1/players/Notch/kick", "/metrics", "/"]) {
    assertEquals([path, ...outcome(await subject.order(path, {}))], [path, 401, "unauthorized"]);
  }
  assertEquals(subject.control.orders, []);
});

for (
  const wrong of [
    `Bearer ${SECRET}x`,
    `Bearer ${SECRET.slice(0, -1)}`,
    `Bearer ${SECRET.toUpperCase()}`,
    "Bearer ",
    "Bearer",
    SECRET,
    `Basic ${SECRET}`,
    `Bearer ${SECRET} ${SECRET}`,
  ]
) {
  Deno.test(`Authorization: ${wrong} is no token`, async () => {
    await using subject = await Subject.open({ access: CLOSED });
    const answer = await subject.ask("/v1/players", { headers: { Authorization: wrong } });
    assertEquals(outcome(answer), [401, "unauthorized"]);
  });
}

Deno.test("the token opens everything, and another one as soon as it is put in place", async () => {
  await using subject = await Subject.open({ bind: WIDE, access: CLOSED });
  const asking = async (token: string): Promise<number> =>
    (await subject.ask("/v1/players", { headers: { Authorization: `bearer ${token}` } })).status;
  assertEquals(await asking(SECRET), 200);
  subject.server.configure({ ...OPEN, token: new Token("another-secret-altogether") });
  assertEquals([await asking(SECRET), await asking("another-secret-altogether")], [401, 200]);
});

Deno.test("refusals are logged once a minute for each kind, without what was presented", async () => {
  await using subject = await Subject.open({ access: CLOSED });
  for (let count = 0; count < 3; count++) {
    await subject.ask("/v1/players", { headers: { Authorization: "Bearer guess" } });
    await subject.ask("/v1/players", { host: "evil.example" });
  }
  const fields = { ip: "127.0.0.1", path: "/v1/players", unsaid: undefined };
  assertEquals(subject.lines, [
    { level: "warn", event: "admin-refused", fields: { ...fields, status: 401 } },
    { level: "warn", event: "admin-refused", fields: { ...fields, status: 403 } },
  ]);
});

Deno.test("nobody can bind beyond loopback without a token, nor take it away later", async () => {
  const open = (): Promise<AdminServer> =>
    AdminServer.open({ bind: WIDE, access: OPEN, control: new FakeControl(), log: console, page: PAGE });
  await assertRejects(open, Error, "Cannot bind the admin API beyond loopback without admin.token_file");
  await using subject = await Subject.open({ bind: WIDE, access: CLOSED });
  assertThrows(() => subject.server.configure(OPEN), Error, "beyond loopback without admin.token_file");
  assertEquals((await subject.ask("/v1/players")).status, 401);
});

const hosts: readonly (readonly [bind: Address, host: string | undefined, expected: number])[] = [
  [LOOPBACK, "localhost", 200],
  [LOOPBACK, "LocalHost:8080", 200],
  [LOOPBACK, "127.0.0.1:1", 200],
  [LOOPBACK, "127.1.2.3", 200],
  [LOOPBACK, "[::1]:80", 200],
  [LOOPBACK, "[::ffff:127.0.0.1]", 200],
  [LOOPBACK, "admin.example", 200],
  [LOOPBACK, "Admin.Example:443", 200],
  [LOOPBACK, "evil.example", 403],
  [LOOPBACK, "evil.example:8080", 403],
  [LOOPBACK, "localhost.evil.example", 403],
  [LOOPBACK, "127.0.0.1.evil.example", 403],
  [LOOPBACK, "sub.admin.example", 403],
  [LOOPBACK, "192.0.2.7", 403],
  [LOOPBACK, "0.0.0.0", 403],
  [LOOPBACK, "", 403],
  [LOOPBACK, undefined, 403],
  [LOOPBACK, "localhost, evil.example", 403],
  [LOOPBACK, "evil.example@localhost", 403],
  [LOOPBACK, "localhost:port", 403],
  [WIDE, "192.0.2.7:8080", 200],
  [WIDE, "[2001:db8::1]:8080", 200],
  [WIDE, "evil.example", 403],
  [{ kind: "tcp", host: "localhost", port: 0 }, "localhost", 200],
];

for (const [bind, host, expected] of hosts) {
  const where = bind.kind === "tcp" ? bind.host : bind.path;
  Deno.test(`bound to ${where}, a request for ${host ?? "no host"} is answered with ${expected}`, async () => {
    await using subject = await Subject.open({ bind, access: { ...CLOSED, hosts: ["admin.EXAMPLE"] } });
    const answer = await subject.ask("/healthz", { host });
    assertEquals(outcome(answer), expected === 200 ? [200, ""] : [403, "wrong_host"]);
  });
}

Deno.test("a bind name may be used for the server", async () => {
  const bind = { kind: "tcp", host: Deno.hostname(), port: 0 } as const;
  await using subject = await Subject.open({ bind, access: CLOSED });
  assertEquals((await subject.ask("/healthz", { host: `${Deno.hostname().toUpperCase()}:80` })).status, 200);
});

const origins: readonly (readonly [host: string, headers: Readonly<Record<string, string>>, expected: number])[] = [
  ["127.0.0.1:8080", { Origin: "http://127.0.0.1:8080" }, 200],
  ["localhost:8080", { Origin: "http://localhost:8080" }, 200],
  ["admin.example", { Origin: "https://admin.example" }, 200],
  // As a web server in front makes it of a request to its own name.
  ["127.0.0.1:8080", { Origin: "https://admin.example" }, 200],
  ["localhost:8080", { Origin: "http://localhost:3000" }, 403],
  ["127.0.0.1:8080", { Origin: "https://evil.example" }, 403],
  ["127.0.0.1:8080", { Origin: "null" }, 403],
  ["127.0.0.1:8080", { Origin: "file://" }, 403],
  ["127.0.0.1:8080", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }, 403],
  ["127.0.0.1:8080", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors" }, 403],
  ["127.0.0.1:8080", { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" }, 200],
  ["127.0.0.1:8080", { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate" }, 200],
];

for (const [host, headers, expected] of origins) {
  Deno.test(`an order to ${host} with ${JSON.stringify(headers)} is answered with ${expected}`, async () => {
    await using subject = await Subject.open({ access: { ...OPEN, hosts: ["admin.example"] } });
    const answer = await subject.ask("/v1/announce", { method: "POST", host, headers, body: '{"text":"x"}' });
    assertEquals(outcome(answer), expected === 200 ? [200, ""] : [403, "wrong_origin"]);
    assertEquals(subject.control.orders.length, expected === 200 ? 1 : 0);
  });
}

Deno.test("a link from elsewhere may lead to the page", async () => {
  await using subject = await Subject.open();
  const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  assertEquals((await subject.ask("/", { headers })).status, 200);
});

Deno.test("an address that asks too often is told to wait, and the others are not", async () => {
  const access = { ...CLOSED, requestRate: { count: 3, windowMs: 3_600_000 } };
  await using subject = await Subject.open({ bind: { kind: "tcp", host: "::", port: 0 }, access });
  const { address } = subject.server;
  assert(address.kind === "tcp");
  const from = (host: string): Promise<RawAnswer> => ask({ ...address, host }, "/healthz");
  const statuses: number[] = [];
  for (let count = 0; count < 5; count++) statuses.push((await from("127.0.0.1")).status);
  assertEquals(statuses, [200, 200, 200, 429, 429]);
  const refused = await from("127.0.0.1");
  assertEquals([...outcome(refused), refused.headers.get("retry-after")], [429, "too_many_requests", "1"]);
  assertEquals((await from("::1")).status, 200);
});

Deno.test("another rate takes effect, and what was asked before counts for its span at most", () => {
  const requestRate = { count: 1, windowMs: 3_600_000 };
  let now = 0;
  const guard = new AdminGuard(LOOPBACK, LOOPBACK, { ...OPEN, requestRate }, () => now);
  const status = (): number | undefined =>
    guard.refusal(new Request("http://x/", { headers: { Host: "localhost" } }), "/", "192.0.2.7")?.status;
  assertEquals([status(), status()], [undefined, 429]);
  guard.configure({ ...OPEN, requestRate: { count: 2, windowMs: 1000 } });
  assertEquals(status(), 429);
  now += 1000;
  assertEquals([status(), status(), status()], [undefined, undefined, 429]);
});

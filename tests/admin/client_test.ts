import { AdminClient, AdminError, type ClientOptions } from "../../lib/admin/client.ts";
import { endpointAt, parseEndpoint } from "../../lib/admin/endpoint.ts";
import { Token } from "../../lib/admin/token.ts";
import { formatAddress } from "../../lib/config/address.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { Waits } from "../harness/waits.ts";
import { OPEN, Subject } from "./subject.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const TOKEN = "a-token-that-nobody-guesses";

/** Runs `test` with a client of a server that does with each connection what `serve` does. */
async function withServer(
  serve: (conn: Deno.TcpConn) => Promise<void>,
  test: (client: AdminClient) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.TcpConn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      await serve(conn);
    }
  })();
  try {
    const { hostname: host, port } = listener.addr;
    using client = new AdminClient(endpointAt({ kind: "tcp", host, port }), options);
    await test(client);
  } finally {
    listener.close();
    await serving;
    for (const conn of conns) conn.close();
  }
}

/** Reads something, and answers `text`. */
function answering(text: string): (conn: Deno.TcpConn) => Promise<void> {
  return async (conn) => {
    await conn.read(new Uint8Array(4096));
    await conn.write(new TextEncoder().encode(text));
  };
}

Deno.test("a client asks over a socket file as it does over TCP", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/admin.sock`;
  try {
    await using subject = await Subject.open({ bind: { kind: "unix", path } });
    using client = new AdminClient(parseEndpoint(`unix:${path}`));
    assertEquals((await client.status()).name, "My network");
    assertEquals((await client.announce("über uns")).players, 3);
    assertEquals(subject.control.orders, [["announce", "über uns"]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a client asks at an IPv6 address, also where the API is bound to every one", async () => {
  for (const host of ["::1", "::"]) {
    const access = { ...OPEN, token: new Token(TOKEN) };
    await using subject = await Subject.open({ bind: { kind: "tcp", host, port: 0 }, access });
    const { address } = subject.server;
    for (const endpoint of [endpointAt(address), parseEndpoint(formatAddress(address))]) {
      using client = new AdminClient(endpoint, { token: TOKEN });
      assertEquals((await client.players()).players.length, 3);
    }
  }
});

Deno.test("a client asks where a URL says", async () => {
  await using subject = await Subject.open();
  using client = new AdminClient(parseEndpoint(`http://${formatAddress(subject.server.address)}`));
  assertEquals((await client.players()).players.length, 3);
});

Deno.test("a client shows its token, and says where it comes from where the edge wants another one", async () => {
  await using subject = await Subject.open({ access: { ...OPEN, token: new Token(TOKEN) } });
  const endpoint = endpointAt(subject.server.address);
  using known = new AdminClient(endpoint, { token: TOKEN });
  assertEquals((await known.players()).players.length, 3);
  for (const token of [undefined, "another-token-of-somebody"]) {
    using stranger = new AdminClient(endpoint, { token });
    const { kind, message } = await assertRejects(() => stranger.kick("Notch", undefined), AdminError);
    assertEquals(kind, "refused");
    assertEquals(
      message,
      `Cannot ask the edge at ${endpoint.name} as it wants ${token === undefined ? "a" : "another"} token ` +
        "(it stands in the file that admin.token_file or --token-file names)",
    );
    assert(!message.includes("somebody"));
    await stranger.checkHealth(false);
  }
  assertEquals(subject.control.orders, []);
});

Deno.test("names that mean something in a URL reach the edge as they are", async () => {
  await using subject = await Subject.open();
  using client = new AdminClient(endpointAt(subject.server.address));
  for (const name of ["a/b", "?x=1", "#", "%41", "ä b"]) {
    await assertRejects(() => client.kick(name, undefined), AdminError);
    assertEquals(subject.control.orders.at(-1), ["kick", name, ""]);
  }
});

Deno.test("where nobody answers it is said why", async () => {
  const port = quietPort();
  const places: readonly (readonly [place: string, why: string])[] = [
    [`127.0.0.1:${port}`, "nothing listens there"],
    ["unix:/nowhere/admin.sock", "there is no such socket"],
    ["host.invalid:8080", "nobody knows that name"],
  ];
  for (const [place, why] of places) {
    using client = new AdminClient(parseEndpoint(place));
    const { kind, message } = await assertRejects(() => client.status(), AdminError);
    assertEquals([kind, message], ["unreachable", `Cannot reach the edge at ${place} (is it running?): ${why}`]);
  }
  using client = new AdminClient(parseEndpoint("unix:/nowhere/admin.sock"), { advice: "look elsewhere" });
  const { message } = await assertRejects(() => client.status(), AdminError);
  assertStringIncludes(message, ": there is no such socket; look elsewhere");
});

Deno.test("a client does not wait for an answer, or the rest of one, that does not come", async () => {
  for (const text of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]) {
    await withServer(answering(text), async (client) => {
      const { kind, message } = await assertRejects(() => client.status(), AdminError);
      assertEquals(kind, "unreachable");
      assertStringIncludes(message, "no answer within 0.2 s");
      await assertRejects(() => client.events(undefined).next(), AdminError, "nothing was heard for too long");
    }, { timeoutMs: 200, silenceMs: 200 });
  }
});

Deno.test("a client knows that it talks to something else than an edge", async () => {
  for (const body of ["<p>hello</p>", '{"users":[]}', "[]", "null"]) {
    const text = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await withServer(answering(text), async (client) => {
      const { kind, message } = await assertRejects(() => client.players(), AdminError);
      assertEquals(kind, "refused");
      assertMatch(message, /^Cannot understand the answer of 127\.0\.0\.1:\d+: HTTP status is 200$/);
    });
  }
});

Deno.test("a client hears what happens, in order, and leaves when it wants to", async () => {
  await using subject = await Subject.open();
  const { control } = subject;
  const waits = new Waits(() => `${control.subscribers} listen`);
  using client = new AdminClient(endpointAt(subject.server.address));
  control.emit({ event: "edge", state: "started" });
  const heard: number[] = [];
  for await (const { id, event } of client.events(0)) {
    heard.push(id);
    if (id === 1) control.join({ name: "Steve" });
    if (id === 2) control.leave("Steve");
    if (event === "leave") break;
  }
  assertEquals(heard, [1, 2, 3]);
  const left = waits.until(() => control.subscribers === 0, "the end of the stream");
  const timer = setInterval(() => waits.changed(), 10);
  await left.finally(() => clearInterval(timer));
});

Deno.test("an edge is asked directly, whatever proxy the environment names", async () => {
  await using subject = await Subject.open();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, "health", "--admin", formatAddress(subject.server.address)],
    env: { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9", NO_PROXY: "", no_proxy: "" },
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

import { type DoorOptions, enter, type Entry } from "../../lib/transport/front_door.ts";
import { readProxyHeader, writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import { assertEquals } from "../harness/assert.ts";
import { Haproxy } from "../harness/haproxy.ts";
import { readBytes } from "./websocket/tcp_pair.ts";
import { testWith } from "../harness/installed.ts";

const test = testWith("haproxy");

const DEADLINE_MS = 10_000;
const CLASSIC = Uint8Array.of(0, 7, 0x4e, 0x6f, 0x74, 0x63, 0x68);
const DOOR: DoorOptions = {
  websocket: true,
  proxyFrom: (address) => address === "127.0.0.1",
  realIpFrom: () => false,
};

/** Lets in whoever connects next to `listener` and reads what the client said. */
async function nextEntry(listener: Deno.TcpListener): Promise<{ readonly address: string; readonly said: string }> {
  const conn = await listener.accept();
  const { hostname: address, port } = conn.remoteAddr;
  const entry: Entry = await enter(conn, { address, port }, DOOR, AbortSignal.timeout(DEADLINE_MS));
  if (entry.kind === "turned-away") return { address: entry.address, said: `${entry.reason}: ${entry.detail}` };
  const said = await readBytes(entry.conn, CLASSIC.length);
  entry.conn.close();
  return { address: entry.address, said: said.toHex() };
}

function listen(): { readonly listener: Deno.TcpListener; readonly server: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { listener, server: `127.0.0.1:${listener.addr.port}` };
}

for (const sending of ["send-proxy", "send-proxy-v2"]) {
  test(`behind HAProxy with ${sending} a client has its own address`, async () => {
    const { listener, server } = listen();
    using _listener = listener;
    await using outer = await Haproxy.start({ server, serverLine: sending });
    // A client whose address is not that of everything else here.
    await using client = await Haproxy.start({ server: `127.0.0.1:${outer.port}`, serverLine: "source 127.1.2.3" });
    using conn = await Deno.connect(client);
    await conn.write(CLASSIC);
    assertEquals(await nextEntry(listener), { address: "127.1.2.3", said: CLASSIC.toHex() });
  });

  for (const source of ["192.0.2.7", "2001:db8::7"]) {
    test(`HAProxy accepts the header written for ${source} and tells it on with ${sending}`, async () => {
      const { listener, server } = listen();
      using _listener = listener;
      await using haproxy = await Haproxy.start({ server, bind: "accept-proxy", serverLine: sending });
      using conn = await Deno.connect(haproxy);
      const destination = { address: source.includes(":") ? "2001:db8::1" : "198.51.100.1", port: 25565 };
      await conn.write(writeProxyHeader({ source: { address: source, port: 56818 }, destination }));
      await conn.write(CLASSIC);
      assertEquals(await nextEntry(listener), { address: source, said: CLASSIC.toHex() });
    });
  }
}

test("HAProxy accepts a header whose ends have addresses of two families", async () => {
  const { listener, server } = listen();
  using _listener = listener;
  await using haproxy = await Haproxy.start({ server, bind: "accept-proxy", serverLine: "send-proxy-v2" });
  using conn = await Deno.connect(haproxy);
  const destination = { address: "2001:db8::1", port: 25565 };
  await conn.write(writeProxyHeader({ source: { address: "192.0.2.7", port: 56818 }, destination }));
  await conn.write(CLASSIC);
  assertEquals(await nextEntry(listener), { address: "192.0.2.7", said: CLASSIC.toHex() });
});

test("HAProxy accepts the header of a connection without a client", async () => {
  const { listener, server } = listen();
  using _listener = listener;
  await using haproxy = await Haproxy.start({ server, bind: "accept-proxy", serverLine: "send-proxy" });
  using conn = await Deno.connect(haproxy);
  await conn.write(writeProxyHeader());
  await conn.write(CLASSIC);
  assertEquals(await nextEntry(listener), { address: "127.0.0.1", said: CLASSIC.toHex() });
});

test("HAProxy tells source address and port as the client has them", async () => {
  const { listener, server } = listen();
  using _listener = listener;
  await using haproxy = await Haproxy.start({ server, serverLine: "send-proxy-v2" });
  using conn = await Deno.connect(haproxy);
  using accepted = await listener.accept();
  const header = readProxyHeader(await readBytes(accepted, 28));
  assertEquals(header, { kind: "header", size: 28, source: { address: "127.0.0.1", port: conn.localAddr.port } });
});

test("the checks that HAProxy makes have a header, and are empty", async () => {
  const { listener, server } = listen();
  using _listener = listener;
  // A check that expected nothing would reset its connection before it could be accepted.
  const lines = ["option tcp-check", "tcp-check expect string never", "timeout check 200ms"];
  await using _haproxy = await Haproxy.start({ server, serverLine: "send-proxy-v2 check inter 500ms", lines });
  assertEquals(await nextEntry(listener), { address: "127.0.0.1", said: "empty: the client closed without a byte" });
});

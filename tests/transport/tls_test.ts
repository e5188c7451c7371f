import { PrefixedConn } from "../../lib/transport/prefixed_conn.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { TlsLayer } from "../../lib/transport/tls.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { type Certificate, makeCertificate } from "../harness/certificate.ts";
import { areLeftOut } from "../harness/installed.ts";
import { settled, unsentAt } from "../harness/kernel.ts";

const MEBIBYTE = 1 << 20;
const TEXT = new TextEncoder();

/** A port whose connections go through a layer, after their first byte was looked at. */
class Server implements AsyncDisposable {
  readonly certificate: Certificate;
  readonly layer: TlsLayer;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor(certificate: Certificate, layer: TlsLayer) {
    this.certificate = certificate;
    this.layer = layer;
  }

  static async start(): Promise<Server> {
    const certificate = await makeCertificate();
    return new Server(certificate, await TlsLayer.open(certificate.certPath, certificate.keyPath));
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  acceptTcp(): Promise<Deno.TcpConn> {
    return this.#listener.accept();
  }

  async accept(signal: AbortSignal = AbortSignal.timeout(5000)): Promise<Conn> {
    return await this.layer.accept(await sniff(await this.acceptTcp()), signal);
  }

  dial(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  async dialTls(port: number = this.port): Promise<Deno.TlsConn> {
    const conn = await Deno.connectTls({ hostname: "localhost", port, caCerts: [this.certificate.authority] });
    await conn.handshake();
    return conn;
  }

  /** A client and what the layer makes of it. */
  pair(): Promise<[Deno.TlsConn, Conn]> {
    return Promise.all([this.dialTls(), this.accept()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.layer[Symbol.asyncDispose]();
    await this.certificate[Symbol.asyncDispose]();
  }
}

async function sniff(conn: Deno.Conn): Promise<Conn> {
  const first = new Uint8Array(1);
  await conn.read(first);
  return new PrefixedConn(conn, first);
}

async function writeAll(conn: Pick<Conn, "write">, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** What is read until the end, or until `length` bytes are there. */
async function read(conn: Pick<Conn, "read">, length = Infinity): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const buffer = new Uint8Array(16 << 10);
    const count = await conn.read(buffer);
    if (count === null) break;
    chunks.push(buffer.subarray(0, count));
    size += count;
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Bytes of which no two kibibytes are equal. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index ^ (index >> 8) ^ (index >> 16));
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: areLeftOut("openssl"), sanitizeResources: true, sanitizeOps: true });
}

test("what is inside TLS goes both ways at the same time", async () => {
  await using server = await Server.start();
  const [client, inside] = await server.pair();
  const bytes = pattern(MEBIBYTE);
  const [up, down] = await Promise.all([
    read(inside, MEBIBYTE),
    read(client, MEBIBYTE),
    writeAll(client, bytes),
    writeAll(inside, bytes),
  ]);
  assert(up.length === MEBIBYTE && up.every((byte, at) => byte === bytes[at]), "up is not the same");
  assert(down.length === MEBIBYTE && down.every((byte, at) => byte === bytes[at]), "down is not the same");
  client.close();
  inside.close();
});

test("a client that finishes may still be answered", async () => {
  await using server = await Server.start();
  const [client, inside] = await server.pair();
  await writeAll(client, TEXT.encode("question"));
  await client.closeWrite();
  assertEquals(new TextDecoder().decode(await read(inside)), "question");
  await writeAll(inside, TEXT.encode("answer"));
  await inside.closeWrite();
  assertEquals(new TextDecoder().decode(await read(client)), "answer");
  client.close();
  inside.close();
});

test("what was written before a close arrives, then the end", async () => {
  await using server = await Server.start();
  const [client, inside] = await server.pair();
  await writeAll(inside, pattern(MEBIBYTE / 4));
  inside.close();
  assertEquals((await read(client)).length, MEBIBYTE / 4);
  client.close();
});

test("openssl's client is served, and ends without saying so in TLS", async () => {
  await using server = await Server.start();
  const { authorityPath } = server.certificate;
  const args = ["s_client", "-quiet", "-verify_return_error", "-CAfile", authorityPath];
  const client = new Deno.Command("openssl", {
    args: [...args, "-verify_hostname", "localhost", "-connect", `127.0.0.1:${server.port}`],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const inside = await server.accept();
  const input = client.stdin.getWriter();
  await input.write(TEXT.encode("hello"));
  assertEquals(new TextDecoder().decode(await read(inside, 5)), "hello");
  await writeAll(inside, TEXT.encode("world"));
  const output = client.stdout.getReader();
  assertEquals(new TextDecoder().decode((await output.read()).value), "world");
  client.kill("SIGKILL");
  assertEquals((await read(inside)).length, 0);
  inside.close();
  await client.status;
  await output.cancel();
  await input.abort().catch(() => {});
});

test("a handshake that comes byte by byte is done", async () => {
  await using server = await Server.start();
  using relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const slowly = async (): Promise<void> => {
    using near = await relay.accept();
    using far = await server.dial();
    far.setNoDelay(true);
    const back = far.readable.pipeTo(near.writable).catch(() => {});
    for await (const chunk of near.readable) {
      for (const byte of chunk) await far.write(Uint8Array.of(byte));
    }
    await far.closeWrite();
    await back;
  };
  const relaying = slowly().catch(() => {});
  const [client, inside] = await Promise.all([server.dialTls(relay.addr.port), server.accept()]);
  await writeAll(client, TEXT.encode("slow"));
  assertEquals(new TextDecoder().decode(await read(inside, 4)), "slow");
  client.close();
  inside.close();
  await relaying;
});

test("garbage that begins like a handshake is refused and its connection closed", async () => {
  await using server = await Server.start();
  using client = await server.dial();
  await writeAll(client, Uint8Array.from({ length: 100 }, (_, at) => at === 0 ? 0x16 : 0xff));
  await assertRejects(() => server.accept());
  await read(client).catch(() => {});
});

test("a client that leaves in the middle of the handshake is told as a failure", async () => {
  await using server = await Server.start();
  const client = await server.dial();
  await writeAll(client, Uint8Array.of(0x16, 3, 1, 2, 0));
  client.close();
  await assertRejects(() => server.accept());
});

test("a handshake that is not done in time is given up, and its connection closed", async () => {
  await using server = await Server.start();
  using client = await server.dial();
  await writeAll(client, Uint8Array.of(0x16));
  await assertRejects(() => server.accept(AbortSignal.timeout(50)), DOMException);
  await read(client).catch(() => {});
});

test("a handshake whose time is over before it begins is not begun", async () => {
  await using server = await Server.start();
  using client = await server.dial();
  await writeAll(client, Uint8Array.of(0x16));
  await assertRejects(() => server.accept(AbortSignal.abort(new Error("over"))), Error, "over");
  await read(client).catch(() => {});
});

test("connections that begin at the same time are not mixed up", async () => {
  await using server = await Server.start();
  const serve = async (accepting: Promise<Conn>): Promise<void> => {
    const inside = await accepting;
    await writeAll(inside, await read(inside, 2));
    inside.close();
  };
  const ask = async (number: number): Promise<number> => {
    using client = await server.dialTls();
    await writeAll(client, Uint8Array.of(number >> 8, number));
    const [high = -1, low = -1] = await read(client);
    return high << 8 | low;
  };
  const numbers = Array.from({ length: 100 }, (_, index) => 200 + index);
  const asking = Promise.all(numbers.map(ask));
  const served: Promise<void>[] = [];
  for (const _ of numbers) served.push(serve(server.layer.accept(await server.acceptTcp(), AbortSignal.timeout(5000))));
  const answers = await asking;
  await Promise.all(served);
  assertEquals(answers, numbers);
});

test("nobody else gets anything from the layer's own port", async () => {
  await using server = await Server.start();
  const { listenTls } = Deno;
  let port = 0;
  Deno.listenTls = (options) => {
    const listener = listenTls(options);
    port = listener.addr.port;
    return listener;
  };
  await using layer = await TlsLayer.open(server.certificate.certPath, server.certificate.keyPath).finally(() => {
    Deno.listenTls = listenTls;
  });
  assert(layer instanceof TlsLayer);
  const stranger = await Deno.connect({ hostname: "127.0.0.1", port });
  // Deno ends the handshake of a connection that is closed before, but says nothing after it.
  const conn = await Deno.startTls(stranger, { hostname: "localhost", caCerts: [server.certificate.authority] });
  assertEquals((await read(conn)).length, 0);
  conn.close();
});

test("closing the layer breaks what goes through it, a handshake that is under way as well", async () => {
  await using server = await Server.start();
  const [client, inside] = await server.pair();
  using half = await server.dial();
  await writeAll(half, Uint8Array.of(0x16));
  const begun = await sniff(await server.acceptTcp());
  const accepting = assertRejects(() => server.layer.accept(begun, AbortSignal.timeout(5000)), Error, "is closed");
  const reading = assertRejects(() => read(inside), Error, "is closed");
  await server.layer[Symbol.asyncDispose]();
  await Promise.all([accepting, reading]);
  inside.close();
  client.close();
});

test("a peer that reads nothing makes the writer wait", async () => {
  if (Deno.build.os !== "linux") return;
  await using server = await Server.start();
  const [quiet, inside] = await server.pair();
  let written = 0;
  const piece = new Uint8Array(64 << 10);
  const filling = (async () => {
    while (written < 256 * MEBIBYTE) written += await inside.write(piece);
  })().catch(() => {});
  const waiting = (): readonly number[] | undefined => {
    const unsent = unsentAt(server.port);
    return unsent === undefined ? undefined : [written, unsent];
  };
  await settled(waiting, "a writer that waits");
  assert(written < 64 * MEBIBYTE, `${written} bytes were taken`);
  inside.close();
  quiet.close();
  await filling;
});

test("a certificate that cannot be read or used is told with its file, the key never", async () => {
  await using certificate = await makeCertificate();
  const { certPath, keyPath, authorityPath } = certificate;
  const secret = (await Deno.readTextFile(keyPath)).split("\n")[1] ?? "";
  const opening = async (cert: string, key: string): Promise<string> => {
    const error = await assertRejects(() => TlsLayer.open(cert, key), Error);
    assert(!error.message.includes(secret));
    return error.message;
  };
  const missing = `${certPath}.none`;
  assert((await opening(missing, keyPath)).startsWith(`Cannot use listener.tls_cert '${missing}': No such file`));
  assert((await opening(certPath, missing)).startsWith(`Cannot use listener.tls_key '${missing}': No such file`));
  const both = (cert: string, key: string): string => `Cannot use listener.tls_cert '${cert}' with tls_key '${key}': `;
  assertEquals(await opening(keyPath, keyPath), `${both(keyPath, keyPath)}No certificates found in certificate data`);
  assertEquals(await opening(certPath, certPath), `${both(certPath, certPath)}No keys found in key data`);
  assert((await opening(authorityPath, keyPath)).startsWith(both(authorityPath, keyPath)));
});

test("a layer that is retired goes on for the connections it has, then its port is closed", async () => {
  await using server = await Server.start();
  const [client, inside] = await server.pair();
  const late = server.dialTls();
  const accepting = server.accept();
  const retired = server.layer.retire();
  const [second, secondInside] = await Promise.all([late, accepting]);
  for (const [from, to] of [[client, inside], [secondInside, second]] as const) {
    await from.write(TEXT.encode("ping"));
    const buffer = new Uint8Array(16);
    assertEquals(await to.read(buffer), 4);
  }
  for (const conn of [client, inside, second, secondInside]) conn.close();
  await retired;
});

test("a certificate that is the same keeps its layer, another one has a layer of its own", async () => {
  await using certificate = await makeCertificate();
  await using other = await makeCertificate();
  const { certPath, keyPath } = certificate;
  await using layer = await TlsLayer.open(certPath, keyPath);
  assert(await TlsLayer.open(certPath, keyPath, layer) === layer);
  await Deno.copyFile(other.certPath, certPath);
  await Deno.copyFile(other.keyPath, keyPath);
  await using renewed = await TlsLayer.open(certPath, keyPath, layer);
  assert(renewed !== layer);
});

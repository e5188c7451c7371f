/** The client side against `ws`, an independent server. */
import type { Conn } from "../../../lib/transport/conn.ts";
import { dialWebSocket } from "../../../lib/transport/websocket/client_handshake.ts";
import { assertEquals, assertRejects } from "../../harness/assert.ts";
import { Waits } from "../../harness/waits.ts";
import { type ServerOptions, type WebSocket, WebSocketServer } from "../../harness/ws.ts";
import { concat, counting } from "./frames.ts";
import { readBytes } from "./tcp_pair.ts";

/** A `ws` server, one connection of ours to it, and what the server saw. */
class Server implements AsyncDisposable {
  readonly conn: Conn;
  readonly socket: WebSocket;
  readonly rawHeaders: readonly string[];
  readonly messages: Uint8Array[] = [];
  readonly pongs: Uint8Array[] = [];
  closedWith: number | undefined;
  readonly #server: WebSocketServer;
  readonly #waits = new Waits(() => `${this.messages.length} messages, closed with ${this.closedWith}`);

  private constructor(server: WebSocketServer, conn: Conn, socket: WebSocket, rawHeaders: readonly string[]) {
    this.#server = server;
    this.conn = conn;
    this.socket = socket;
    this.rawHeaders = rawHeaders;
    socket.on("message", (data) => {
      this.messages.push(Uint8Array.from(data));
      this.#waits.changed();
    });
    socket.on("pong", (data) => {
      this.pongs.push(Uint8Array.from(data));
      this.#waits.changed();
    });
    socket.on("close", (code) => {
      this.closedWith = code;
      this.#waits.changed();
    });
    socket.on("error", () => {});
  }

  static async open(options: ServerOptions = {}): Promise<Server> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: true, ...options });
    const listening = Promise.withResolvers<void>();
    server.on("listening", listening.resolve);
    await listening.promise;
    const connected = Promise.withResolvers<{ socket: WebSocket; rawHeaders: readonly string[] }>();
    server.on("connection", (socket, request) => connected.resolve({ socket, rawHeaders: request.rawHeaders }));
    const { port } = server.address();
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
    const wish = { host: `127.0.0.1:${port}`, realIp: "203.0.113.9" };
    const conn = await dialWebSocket(tcp, wish, new AbortController().signal);
    const { socket, rawHeaders } = await connected.promise;
    return new Server(server, conn, socket, rawHeaders);
  }

  seen(probe: (server: Server) => boolean, what: string): Promise<boolean> {
    return this.#waits.until(() => probe(this), what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.conn.close();
    } catch {
      // The test closed it.
    }
    this.socket.terminate();
    await this.seen((server) => server.closedWith !== undefined, "the end");
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}

Deno.test("ws agrees with our request, and gets the player's address", async () => {
  await using server = await Server.open();
  assertEquals([server.socket.protocol, server.socket.extensions], ["ClassiCube", ""]);
  const at = server.rawHeaders.indexOf("X-Real-IP");
  assertEquals(server.rawHeaders[at + 1], "203.0.113.9");
});

for (const length of [1, 125, 126, 65535, 65536, 1_000_000]) {
  Deno.test(`ws gets ${length} bytes in frames of 65,535 at most`, async () => {
    await using server = await Server.open({ maxPayload: 65535 });
    const bytes = counting(length);
    assertEquals(await server.conn.write(bytes), length);
    await server.seen(({ messages }) => messages.length === Math.ceil(length / 65535), "all messages");
    const got = concat(...server.messages);
    assertEquals([got.length, got.findIndex((byte, index) => byte !== bytes[index])], [length, -1]);
  });
}

Deno.test("text, binary and fragments of ws are one stream, and its pings are answered", async () => {
  await using server = await Server.open();
  server.socket.send("text");
  server.socket.send(counting(3), { fin: false });
  server.socket.ping(Uint8Array.of(5));
  server.socket.send(counting(65536, 3));
  const expected = concat(new TextEncoder().encode("text"), counting(65539));
  assertEquals(await readBytes(server.conn, expected.length), expected);
  await server.seen(({ pongs }) => pongs.length > 0, "the pong");
  assertEquals(server.pongs, [Uint8Array.of(5)]);
});

Deno.test("ws that closes is told its own code, and we see the end", async () => {
  await using server = await Server.open();
  server.socket.send(counting(2));
  server.socket.close(4000, "restart");
  assertEquals(await readBytes(server.conn, 10), counting(2));
  await server.conn.closeWrite();
  await server.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals(server.closedWith, 4000);
});

Deno.test("ws sees our close behind what was written", async () => {
  await using server = await Server.open();
  await server.conn.write(counting(5));
  await server.conn.closeWrite();
  assertEquals(await server.conn.read(new Uint8Array(1)), null);
  await server.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals([server.closedWith, server.messages], [1000, [counting(5)]]);
});

Deno.test("ws that sends a frame of more than 64 KiB is closed with 1009", async () => {
  await using server = await Server.open();
  server.socket.send(counting(65537));
  await assertRejects(() => server.conn.read(new Uint8Array(9)), Error, "a frame has 65537 bytes");
  await server.conn.closeWrite();
  await server.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals(server.closedWith, 1009);
});

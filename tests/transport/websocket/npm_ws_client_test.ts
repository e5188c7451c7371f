/** The server side against `ws`, an independent client. */
import type { Conn } from "../../../lib/transport/conn.ts";
import { acceptWebSocket } from "../../../lib/transport/websocket/server_handshake.ts";
import { assert, assertEquals, assertRejects } from "../../harness/assert.ts";
import { Waits } from "../../harness/waits.ts";
import { WebSocket } from "../../harness/ws.ts";
import { concat, counting } from "./frames.ts";
import { readBytes } from "./tcp_pair.ts";

/** A `ws` client that is connected to us, and what it saw. */
class Client implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: Uint8Array[] = [];
  readonly kinds: ("text" | "binary")[] = [];
  readonly pongs: Uint8Array[] = [];
  closedWith: number | undefined;
  readonly #conn: Conn;
  readonly #waits = new Waits(() => `${this.messages.length} messages, closed with ${this.closedWith}`);

  private constructor(socket: WebSocket, conn: Conn) {
    this.#conn = conn;
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      this.messages.push(Uint8Array.from(data));
      this.kinds.push(isBinary ? "binary" : "text");
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

  static async connect(protocols: readonly string[] = ["ClassiCube"]): Promise<{ client: Client; conn: Conn }> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const socket = new WebSocket(`ws://127.0.0.1:${listener.addr.port}/`, protocols);
    const opened = Promise.withResolvers<void>();
    socket.on("open", opened.resolve);
    socket.on("error", opened.reject);
    const tcp = await listener.accept();
    const entry = await acceptWebSocket(tcp, new AbortController().signal);
    assert(entry.kind === "open");
    await opened.promise;
    return { client: new Client(socket, entry.conn), conn: entry.conn };
  }

  seen(probe: (client: Client) => boolean, what: string): Promise<boolean> {
    return this.#waits.until(() => probe(this), what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    try {
      this.#conn.close();
    } catch {
      // The test closed it.
    }
    await this.seen((client) => client.closedWith !== undefined, "the end");
  }
}

Deno.test("ws gets the protocol it asked for, and no compression", async () => {
  const { client } = await Client.connect();
  await using _ = client;
  assertEquals([client.socket.protocol, client.socket.extensions], ["ClassiCube", ""]);
});

Deno.test("ws that asks for no protocol gets none", async () => {
  const { client } = await Client.connect([]);
  await using _ = client;
  assertEquals(client.socket.protocol, "");
});

Deno.test("text, binary and fragments of ws are one stream", async () => {
  const { client, conn } = await Client.connect();
  await using _ = client;
  client.socket.send("text");
  client.socket.send(counting(3), { fin: false });
  client.socket.ping(Uint8Array.of(5));
  client.socket.send(new Uint8Array(0), { fin: false });
  client.socket.send(counting(65536, 3));
  const expected = concat(new TextEncoder().encode("text"), counting(65539));
  assertEquals(await readBytes(conn, expected.length), expected);
  await client.seen(({ pongs }) => pongs.length > 0, "the pong");
  assertEquals(client.pongs, [Uint8Array.of(5)]);
});

for (const length of [1, 125, 126, 65535, 65536, 1_000_000]) {
  Deno.test(`ws gets ${length} bytes`, async () => {
    const { client, conn } = await Client.connect();
    await using _ = client;
    const bytes = counting(length);
    assertEquals(await conn.write(bytes), length);
    const isWhole = ({ messages }: Client): boolean =>
      messages.reduce((sum, message) => sum + message.length, 0) >= length;
    await client.seen(isWhole, "all bytes");
    const got = concat(...client.messages);
    assertEquals([got.length, got.findIndex((byte, index) => byte !== bytes[index])], [length, -1]);
    assertEquals(client.messages.length, Math.ceil(length / 65535));
    assert(client.kinds.every((kind) => kind === "binary"));
  });
}

Deno.test("ws that closes is told its own code, and we see the end", async () => {
  const { client, conn } = await Client.connect();
  await using _ = client;
  client.socket.send(counting(2));
  client.socket.close(3456, "bye");
  assertEquals(await readBytes(conn, 10), counting(2));
  await conn.closeWrite();
  await client.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals(client.closedWith, 3456);
});

Deno.test("ws sees our close behind what was written, and closes", async () => {
  const { client, conn } = await Client.connect();
  await using _ = client;
  await conn.write(counting(5));
  await conn.closeWrite();
  assertEquals(await conn.read(new Uint8Array(1)), null);
  await client.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals([client.closedWith, client.messages], [1000, [counting(5)]]);
});

Deno.test("ws that sends a frame of more than 64 KiB is closed with 1009", async () => {
  const { client, conn } = await Client.connect();
  await using _ = client;
  client.socket.send(counting(65537));
  await assertRejects(() => conn.read(new Uint8Array(9)), Error, "Cannot read the WebSocket: a frame has 65537 bytes");
  await conn.closeWrite();
  await client.seen(({ closedWith }) => closedWith !== undefined, "the close");
  assertEquals(client.closedWith, 1009);
});

import { gunzipSync, inflateRawSync } from "node:zlib";
import type { ClassicServer } from "../../lib/demo/server.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Framer } from "../../lib/protocol/framer.ts";
import {
  type Dialect,
  legalSizes,
  packetById,
  type PacketName,
  type ProtocolVersion,
} from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { DEFAULT_TIMEOUT_MS } from "../harness/waits.ts";

/** Where a client can connect to. */
export type Listening = Pick<ClassicServer, "address" | "port">;

/** A packet as the client got it. */
export interface SeenPacket {
  readonly name: PacketName;
  readonly bytes: Uint8Array;
}

export interface ClientOptions {
  readonly name?: string;
  readonly key?: string;
  readonly protocol?: ProtocolVersion;
  /** Absent = the client does not speak CPE. */
  readonly extensions?: ExtensionSet;
  /** Whether each byte of the login travels by itself. */
  readonly bytewise?: boolean;
  /** Whether the client answers CustomBlockSupportLevel. */
  readonly answerLevel?: boolean;
}

const EVERY_ID = new Uint8Array(256).fill(1);

/** A client of the plainest kind: says it all at once, checks that everything it gets is framed as negotiated, keeps it. */
export class Client {
  readonly seen: SeenPacket[] = [];
  dialect: Dialect;
  /** Why the client stopped reading. */
  end: "closed" | "unframeable" | undefined;
  readonly #conn: Deno.Conn;
  readonly #options: ClientOptions;
  readonly #framer: Framer;
  readonly #reading: Promise<void>;
  #offered = ExtensionSet.EMPTY;
  #entriesLeft: number | undefined;
  #wake: (() => void)[] = [];
  #consumed = 0;

  private constructor(conn: Deno.Conn, options: ClientOptions) {
    this.#conn = conn;
    this.#options = options;
    const protocol = options.protocol ?? 7;
    this.dialect = { protocol, cpe: options.extensions !== undefined, extensions: ExtensionSet.EMPTY };
    this.#framer = new Framer(legalSizes("s2c", this.dialect), EVERY_ID);
    this.#reading = this.#read();
  }

  /** Connects and says nothing. */
  static async connect(server: Listening, options: ClientOptions = {}): Promise<Client> {
    const conn = server.address.startsWith("unix:")
      ? await Deno.connect({ transport: "unix", path: server.address.slice("unix:".length) })
      : await Deno.connect({ port: server.port });
    return new Client(conn, options);
  }

  /** Connects and says the whole login. */
  static async logIn(server: Listening, options: ClientOptions = {}): Promise<Client> {
    const client = await Client.connect(server, options);
    const login = client.loginBytes();
    if (options.bytewise) { for (const byte of login) await client.write(Uint8Array.of(byte)); }
    else await client.write(login);
    return client;
  }

  /** Connects, says the whole login and waits until it stands in the world. */
  static async join(server: Listening, options: ClientOptions = {}): Promise<Client> {
    const client = await Client.logIn(server, options);
    await client.spawned();
    return client;
  }

  loginBytes(): Uint8Array<ArrayBuffer> {
    const { name = "Steve", key = "-", extensions } = this.#options;
    const { protocol } = this.dialect;
    const magic = extensions === undefined ? 0 : 0x42;
    const packets = [encodePacket("PlayerIdentification", this.dialect, { protocol, username: name, key, magic })];
    if (extensions !== undefined) {
      packets.push(encodePacket("ExtInfo", this.dialect, { appName: "Test 1.0", count: extensions.size }));
      for (const { name: extension, version } of extensions.entries()) {
        packets.push(encodePacket("ExtEntry", this.dialect, { extension, version }));
      }
    }
    return concat(packets);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#conn.write(bytes.subarray(done));
  }

  async send<N extends PacketName>(name: N, values: PacketInput<N>): Promise<void> {
    await this.write(encodePacket(name, this.dialect, values));
  }

  /** The next packet of that name that nobody has waited for, and for which `when` holds; those before it count as waited for. */
  async next<N extends PacketName>(
    name: N,
    when: (values: PacketValues<N>) => boolean = () => true,
  ): Promise<PacketValues<N>> {
    const deadline = performance.now() + DEFAULT_TIMEOUT_MS;
    for (;;) {
      for (; this.#consumed < this.seen.length;) {
        const packet = this.seen[this.#consumed++];
        if (packet?.name !== name) continue;
        const values = readPacket(name, this.dialect, packet.bytes);
        if (when(values)) return values;
      }
      await this.#more(`packet ${name}`, deadline);
    }
  }

  /** Waits until the server has told the client where it stands. */
  async spawned(): Promise<void> {
    const isSelf = ({ name, bytes }: SeenPacket): boolean =>
      (name === "SpawnPlayer" || name === "ExtAddEntity2") && bytes[1] === 255;
    await this.until(() => this.seen.some(isSelf), "own spawn");
  }

  /** Waits until the server has closed the connection. */
  async closed(): Promise<void> {
    const deadline = performance.now() + DEFAULT_TIMEOUT_MS;
    while (this.end === undefined) await this.#more("end of the connection", deadline);
  }

  /** Waits until `done`, asked again with every packet that comes. */
  async until(done: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + DEFAULT_TIMEOUT_MS;
    while (!done()) await this.#more(what, deadline);
  }

  names(): PacketName[] {
    return this.seen.map(({ name }) => name);
  }

  all<N extends PacketName>(name: N): PacketValues<N>[] {
    return this.seen.filter((packet) => packet.name === name).map(({ bytes }) => readPacket(name, this.dialect, bytes));
  }

  /** The kick text, once it has come. */
  async kicked(): Promise<string> {
    return (await this.next("DisconnectPlayer")).reason;
  }

  async close(): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
    await this.#reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      while (this.end === undefined) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.#framer.feed(buffer.subarray(0, count));
        this.#takePackets();
        this.#wakeAll();
      }
    } catch {
      // Reset, or closed by the test itself.
    }
    this.end ??= "closed";
    this.#wakeAll();
  }

  #takePackets(): void {
    for (let frame = this.#framer.next(); frame !== "none"; frame = this.#framer.next()) {
      const { bytes, start, end } = this.#framer;
      const packet = packetById("s2c", bytes[start] ?? 0);
      if (frame === "unknown" || packet === undefined) {
        this.end = "unframeable";
        return;
      }
      const seen = { name: packet.name as PacketName, bytes: bytes.slice(start, end) };
      this.seen.push(seen);
      this.#negotiate(seen);
    }
  }

  #negotiate({ name, bytes }: SeenPacket): void {
    if (name === "ExtInfo") this.#entriesLeft = readPacket(name, this.dialect, bytes).count;
    if (name === "CustomBlockSupportLevel" && this.#options.answerLevel) {
      void this.send("CustomBlockSupportLevel", { level: 1 });
    }
    if (name === "ExtEntry" && this.#entriesLeft !== undefined) {
      const { extension, version } = readPacket(name, this.dialect, bytes);
      this.#offered = this.#offered.with(extension, version);
      this.#entriesLeft--;
    }
    if (this.#entriesLeft !== 0) return;
    this.#entriesLeft = undefined;
    const extensions = this.#offered.intersect(this.#options.extensions ?? ExtensionSet.EMPTY);
    this.dialect = { ...this.dialect, extensions };
    this.#framer.sizes = legalSizes("s2c", this.dialect);
  }

  async #more(what: string, deadline: number): Promise<void> {
    if (this.end !== undefined) throw new Error(`Cannot wait for ${what}: connection is ${this.end}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = (): void =>
      reject(new Error(`Cannot wait for ${what} any longer: seen are ${this.names().join(" ")}`));
    const timer = setTimeout(late, deadline - performance.now());
    this.#wake.push(resolve);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Waits until `done`, asked again every few ms, with a deadline. */
export async function eventually(done: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!done()) {
    if (performance.now() - start > DEFAULT_TIMEOUT_MS) {
      throw new Error(`Cannot wait for ${what} any longer: ${DEFAULT_TIMEOUT_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The block ids of a map as they were sent, both streams put together. */
export function mapOf(packets: readonly SeenPacket[], dialect: Dialect): Uint16Array {
  const chunks = packets.filter(({ name }) => name === "LevelDataChunk")
    .map(({ bytes }) => readPacket("LevelDataChunk", dialect, bytes));
  const extended = dialect.extensions.has("ExtendedBlocks");
  const stream = (wanted: boolean): Uint8Array => {
    const parts = chunks.filter(({ percent }) => (extended && percent > 0) === wanted);
    return unpack(concat(parts.map(({ data, length }) => data.subarray(0, length))), dialect);
  };
  const upper = chunks.some(({ percent }) => extended && percent > 0) ? stream(true) : undefined;
  return Uint16Array.from(stream(false), (low, index) => low | ((upper?.[index] ?? 0) << 8));
}

function unpack(data: Uint8Array, { extensions }: Dialect): Uint8Array {
  if (extensions.has("FastMap")) return new Uint8Array(inflateRawSync(data));
  const bytes = new Uint8Array(gunzipSync(data));
  const volume = new DataView(bytes.buffer).getUint32(0);
  if (volume !== bytes.length - 4) throw new Error(`Cannot read map of ${bytes.length - 4} blocks: it says ${volume}`);
  return bytes.subarray(4);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

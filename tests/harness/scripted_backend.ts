import { type Dialect, legalSizes, packetById, type PacketName } from "../../lib/protocol/packet_table.ts";
import { type PacketValues, readPacket } from "../../lib/protocol/packets.ts";
import { type Chunking, type Ending, Link, type Target } from "./link.ts";
import { DEFAULT_TIMEOUT_MS, type NotYet, type WaitOptions, Waits } from "./waits.ts";

/** What a scripted backend does with one connection. The connection is closed when the promise resolves. */
export type Script = (peer: Peer) => Promise<void>;

/** Where a scripted backend listens and how its peers behave. */
export interface ScriptedBackendOptions {
  /** A Unix socket to listen on. @default TCP on a free port of 127.0.0.1 */
  readonly path?: string;
  /** The port of 127.0.0.1 to listen on. @default a free one */
  readonly port?: number;
  /** How peers hand their bytes to the system. @default "whole" */
  readonly chunking?: Chunking;
  /** Bytes a peer reads ahead of its script before it leaves the rest to the system. @default 1 MiB */
  readonly readAhead?: number;
  /** Milliseconds after which reads give up. @default 15000 */
  readonly timeoutMs?: number;
}

const DEFAULT_READ_AHEAD = 1024 * 1024;
const MAX_RECEIVED = 64 * 1024 * 1024;

/** The other side is gone: a script that meets this has ended in order. */
export class PeerGone extends Error {
  override readonly name = "PeerGone";
}

/** One connection of a scripted backend. */
export class Peer {
  /** Resolves when nothing will be read any more; says how it ended. */
  readonly closed: Promise<Ending>;
  readonly #link: Link;
  readonly #waits: Waits;
  readonly #readAhead: number;
  #received = new Uint8Array(4096);
  #length = 0;
  #position = 0;
  #wanted = 0;
  #ending: Ending | undefined;

  constructor(conn: Deno.Conn, { chunking, readAhead, timeoutMs }: ScriptedBackendOptions) {
    this.#readAhead = readAhead ?? DEFAULT_READ_AHEAD;
    this.#waits = new Waits(() => `${this.#length - this.#position} of ${this.#length} bytes are unread`, timeoutMs);
    this.#link = new Link(conn, (chunk) => this.#receive(chunk), chunking);
    this.closed = this.#link.ended.then((ending) => {
      this.#ending = ending;
      this.#waits.end(`the connection is over (${ending})`);
      return ending;
    });
    this.#regulate();
  }

  /** Everything received so far. */
  get received(): Uint8Array {
    return this.#received.slice(0, this.#length);
  }

  /** Whether something may still be read. */
  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  /** The next `count` bytes. Rejects with {@linkcode PeerGone} where fewer come. */
  async read(count: number, options?: WaitOptions): Promise<Uint8Array> {
    await this.#available(count, options);
    this.#position += count;
    this.#regulate();
    return this.#received.slice(this.#position - count, this.#position);
  }

  /** The next packet, whatever it is, with its id. */
  async readAny(dialect: Dialect, options?: WaitOptions): Promise<Uint8Array> {
    await this.#available(1, options);
    const id = this.#received[this.#position] ?? 0;
    const size = legalSizes("c2s", dialect)[id] ?? 0;
    if (size === 0) throw new Error(`Cannot read a packet: 0x${id.toString(16)} is not legal from a client`);
    return await this.read(size, options);
  }

  /** The next packet, which must be `name`. */
  async readPacket<N extends PacketName>(name: N, dialect: Dialect, options?: WaitOptions): Promise<PacketValues<N>> {
    const bytes = await this.readAny(dialect, options);
    const found = packetById("c2s", bytes[0] ?? 0)?.name;
    if (found !== name) throw new Error(`Cannot read ${name}: ${found} came`);
    return readPacket(name, dialect, bytes);
  }

  /** The next packet called `name`; what comes before it is dropped. */
  async skipTo<N extends PacketName>(name: N, dialect: Dialect, options?: WaitOptions): Promise<PacketValues<N>> {
    while (true) {
      const bytes = await this.readAny(dialect, options);
      if (packetById("c2s", bytes[0] ?? 0)?.name === name) return readPacket(name, dialect, bytes);
    }
  }

  /** Sends `bytes`. Resolves when the system took them, or when the connection is gone. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  /** Sends FIN and goes on reading. */
  halfClose(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Breaks the connection with RST, on Linux over IPv4. */
  reset(): void {
    this.#link.reset();
  }

  /** Closes the connection; what has not been sent may be lost. */
  close(): void {
    this.#link.close();
  }

  /** Closes the connection once everything written was taken by the system. */
  async finish(): Promise<void> {
    await this.#link.closeWrite();
    await this.#link[Symbol.asyncDispose]();
  }

  async #available(count: number, options?: WaitOptions): Promise<void> {
    const enough = (): boolean => this.#length - this.#position >= count;
    this.#wanted = count;
    this.#regulate();
    await this.#waits.until(enough, `${count} bytes from the peer`, options).catch((error) => {
      throw this.isOpen ? error : new PeerGone(error.message);
    });
    this.#wanted = 0;
  }

  /** Reads as far ahead as it may, or as far as the script waits for. */
  #regulate(): void {
    if (this.#length - this.#position < Math.max(this.#readAhead, this.#wanted)) this.#link.resume();
    else this.#link.pause();
  }

  #receive(chunk: Uint8Array): void {
    const end = this.#length + chunk.length;
    if (end > MAX_RECEIVED) throw new RangeError(`Cannot keep what a peer sent: more than ${MAX_RECEIVED} bytes`);
    if (end > this.#received.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#received.length));
      grown.set(this.#received.subarray(0, this.#length));
      this.#received = grown;
    }
    this.#received.set(chunk, this.#length);
    this.#length = end;
    this.#regulate();
    this.#waits.changed();
  }
}

/** A server for tests that runs one script per connection. What a script throws, disposing throws. */
export class ScriptedBackend implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #options: ScriptedBackendOptions;
  readonly #script: Script;
  readonly #peers: Peer[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #waits = new Waits(() => `${this.open} connections are open, ${this.accepted} were accepted`);
  readonly #accepting: Promise<void>;
  #isListening = true;

  private constructor(listener: Deno.Listener, script: Script, options: ScriptedBackendOptions) {
    this.#listener = listener;
    this.#script = script;
    this.#options = options;
    this.#accepting = this.#accept();
  }

  static listen(script: Script, options: ScriptedBackendOptions = {}): ScriptedBackend {
    const { path, port = 0 } = options;
    const listener: Deno.Listener = path === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port })
      : Deno.listen({ transport: "unix", path });
    return new ScriptedBackend(listener, script, options);
  }

  /** Where to connect. */
  get target(): Target {
    const { addr } = this.#listener;
    if (addr.transport === "tcp") return { hostname: addr.hostname, port: addr.port };
    if (addr.transport === "unix") return { path: addr.path };
    throw new TypeError(`Cannot name the address: transport is ${addr.transport}`);
  }

  /** Every connection so far, in order of arrival. */
  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#peers.length;
  }

  /** Connections that may still bring something. */
  get open(): number {
    return this.#peers.filter((peer) => peer.isOpen).length;
  }

  /** Waits until `probe` returns something, looking again whenever a connection comes or ends. */
  until<T>(probe: (backend: this) => T | NotYet, what: string, options?: WaitOptions): Promise<T> {
    return this.#waits.until(() => probe(this), what, options);
  }

  /** Waits for the connection number `index`, counted from 0. */
  peer(index: number, options?: WaitOptions): Promise<Peer> {
    return this.until(() => this.#peers[index], `connection number ${index}`, options);
  }

  /** Refuses connections from now on; those that are open stay. */
  async stopListening(): Promise<void> {
    if (this.#isListening) this.#listener.close();
    this.#isListening = false;
    await this.#accepting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
    for (const peer of this.#peers) peer.close();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      late.reject(new Error(`Cannot end scripts: ${this.#running.size} still run after their connections closed`));
    }, DEFAULT_TIMEOUT_MS);
    await Promise.race([Promise.all(this.#running), late.promise]).finally(() => clearTimeout(timer));
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const peer = new Peer(conn, this.#options);
      this.#peers.push(peer);
      const run = this.#run(peer).finally(() => this.#running.delete(run));
      this.#running.add(run);
      peer.closed.then(() => this.#waits.changed());
      this.#waits.changed();
    }
  }

  async #run(peer: Peer): Promise<void> {
    try {
      await this.#script(peer);
    } catch (error) {
      if (!(error instanceof PeerGone)) this.#failures.push(error);
    }
    await peer.finish();
  }
}

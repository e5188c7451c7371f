import { encodePacket } from "../../lib/protocol/packets.ts";
import { serveWorld } from "../harness/login_script.ts";
import { type Peer, ScriptedBackend } from "../harness/scripted_backend.ts";
import { vanilla } from "../session/logins.ts";

const SIZE = { x: 4, y: 4, z: 4 };
const PING_MS = 2_000;
const PING = encodePacket("Ping", vanilla(), {});

/**
 * A server without CPE that shows any number of players a tiny world, in which they do not see each other. It remembers when each
 * of them came. Disposing it closes all connections at once, as when the process dies.
 */
export class QuietServer implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** When each player connected, in milliseconds. */
  readonly #arrivals: number[] = [];
  readonly #backend: ScriptedBackend;
  readonly #present = new Set<Peer>();
  readonly #pinging: ReturnType<typeof setInterval>;
  #most = 0;

  /** @param port Where to listen on 127.0.0.1; 0 is any port. */
  constructor(name: string, port = 0) {
    this.name = name;
    this.#backend = ScriptedBackend.listen((peer) => this.#serve(peer), { port });
    const { target } = this.#backend;
    this.port = "port" in target ? target.port : 0;
    this.#pinging = setInterval(() => {
      for (const peer of this.#present) peer.write(PING);
    }, PING_MS);
  }

  get players(): number {
    return this.#present.size;
  }

  /** The most players there were at a time. */
  get most(): number {
    return this.#most;
  }

  /** The most players who came within one second. */
  get mostInASecond(): number {
    const times = this.#arrivals;
    return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#pinging);
    await this.#backend[Symbol.asyncDispose]();
  }

  async #serve(peer: Peer): Promise<void> {
    const arrivedAt = performance.now();
    // Checks come too, and are gone before they have said who they are.
    await serveWorld(peer, { size: SIZE }, { serverName: this.name });
    this.#arrivals.push(arrivedAt);
    this.#present.add(peer);
    this.#most = Math.max(this.#most, this.#present.size);
    await peer.closed;
    this.#present.delete(peer);
  }
}

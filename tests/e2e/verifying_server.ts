/** A server that checks its players' keys with a salt of its own, and tells that salt in heartbeats only, as MCGalaxy does. */
import { keyOf, verifyKey } from "../../lib/auth/mppass.ts";
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { ObservedServer } from "./observed_server.ts";

const BEAT_MS = 30_000;
const SOFTWARE = "MCGalaxy 1.9.5.3";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** How the server is. */
export interface VerifyingServerOptions {
  /** @default "Verifying" */
  readonly name?: string;
  /** Milliseconds between two heartbeats. @default 30000 */
  readonly beatMs?: number;
  /** How it is otherwise. */
  readonly server?: Omit<ClassicServerOptions, "name" | "port" | "verifyKey">;
}

/** See the file's first line. Its first port stays its own. */
export class VerifyingServer implements AsyncDisposable {
  readonly #name: string;
  readonly #beatMs: number;
  readonly #options: ClassicServerOptions;
  #salt: string;
  #server: ObservedServer;
  #heartbeatUrl: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(options: VerifyingServerOptions, salt: string, server: ObservedServer) {
    this.#name = options.name ?? "Verifying";
    this.#beatMs = options.beatMs ?? BEAT_MS;
    this.#options = options.server ?? {};
    this.#salt = salt;
    this.#server = server;
  }

  /** Starts it on a free port, without heartbeats. */
  static async start(options: VerifyingServerOptions = {}): Promise<VerifyingServer> {
    const salt = randomSalt();
    return new VerifyingServer(options, salt, await startServer(options.name, options.server ?? {}, quietPort(), salt));
  }

  /** Who came and went since the last start, and what they told. */
  get server(): ObservedServer {
    return this.#server;
  }

  get address(): string {
    return this.#server.address;
  }

  /** What it checks keys with since the last start. */
  get salt(): string {
    return this.#salt;
  }

  /** The only key that lets `player` in. */
  keyOf(player: string): string {
    return keyOf(this.#salt, player);
  }

  /** Sends a heartbeat to `url` now and again and again from then on; resolves with the answer to the first. */
  async beatTo(url: string): Promise<string> {
    this.#heartbeatUrl = url;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#beat(url).catch(() => {}), this.#beatMs);
    return await this.#beat(url);
  }

  /** Dies without a word, so that its players are lost and its heartbeats end. */
  async kill(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server[Symbol.asyncDispose]();
  }

  /** Starts again after {@linkcode kill}, at the same address and with a new salt, which its first heartbeat tells at once. */
  async restart(): Promise<void> {
    const { port } = this.#server.server;
    this.#salt = randomSalt();
    this.#server = await startServer(this.#name, this.#options, port, this.#salt);
    if (this.#heartbeatUrl !== undefined) await this.beatTo(this.#heartbeatUrl);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #beat(url: string): Promise<string> {
    const { port, players } = this.#server.server;
    const name = encodeURIComponent(this.#name);
    const software = encodeURIComponent(SOFTWARE);
    const response = await fetch(url, {
      method: "POST",
      headers: { "user-agent": SOFTWARE, "content-type": "application/x-www-form-urlencoded" },
      body: `&port=${port}&max=16&name=${name}&public=False&version=7&salt=${this.#salt}&users=${players.length}` +
        `&software=${software}&web=True`,
    });
    return await response.text();
  }
}

/** Refuses every wrong key with MCGalaxy's text. */
function startServer(
  name: string | undefined,
  options: ClassicServerOptions,
  port: number,
  salt: string,
): Promise<ObservedServer> {
  const verify = (player: string, key: string): boolean => verifyKey(salt, player, key);
  return ObservedServer.start({ ...options, name: name ?? "Verifying", port, verifyKey: verify });
}

function randomSalt(): string {
  const numbers = crypto.getRandomValues(new Uint32Array(32));
  return Array.from(numbers, (number) => ALPHABET[number % ALPHABET.length]).join("");
}

/** Takes TLS off connections that are already accepted, and of which something may already be read. */
import { UnusableFileError } from "../config/unusable_file.ts";
import { pause } from "../pause.ts";
import type { Conn } from "./conn.ts";
import { TlsConn } from "./tls_conn.ts";

const LOOPBACK = "127.0.0.1";
/** Milliseconds to wait after a failed accept, so that a process out of descriptors does not spin. */
const RETRY_MS = 100;
/** Connections that may wait until it is known whether they are this process's own. */
const MAX_UNKNOWN = 256;

/** Both ends of a connection to the layer's own listener. */
interface Pair {
  readonly near: Deno.TcpConn;
  readonly inside: Deno.TlsConn;
}

/**
 * The server side of TLS with one certificate. Deno takes TLS only off connections that a listener of its own accepts, so one on the
 * loopback interface, which serves nobody but this process, is put between; what goes there is what the peer sends, still encrypted.
 */
export class TlsLayer implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #cert: string;
  readonly #key: string;
  readonly #accepting: Promise<void>;
  /** Connections to the listener that are being made, whose own ports are not known yet. */
  readonly #dials = new Set<Promise<unknown>>();
  /** Who waits for the far end of a connection to the listener, by the connection's own port. */
  readonly #expected = new Map<number, (inside: Deno.TlsConn) => void>();
  readonly #conns = new Set<TlsConn>();
  /** Handshakes that are under way. */
  readonly #accepts = new Set<Promise<Conn>>();
  readonly #end = new AbortController();
  #unknown = 0;

  private constructor(listener: Deno.TlsListener, cert: string, key: string) {
    this.#listener = listener;
    this.#cert = cert;
    this.#key = key;
    this.#accepting = this.#accept();
  }

  /**
   * @param certPath PEM file of the certificate, followed by those that lead to its authority.
   * @param keyPath PEM file of its key, without a passphrase.
   * @param before Is what resolves, where the files hold the same as when it was opened.
   * @throws {UnusableFileError} where a file cannot be read or holds something else, or the two do not belong together
   * @throws {Error} where the layer cannot have a port
   */
  static async open(certPath: string, keyPath: string, before?: TlsLayer): Promise<TlsLayer> {
    const { cert, key } = await readPair(certPath, keyPath);
    if (before !== undefined && before.#cert === cert && before.#key === key) return before;
    try {
      return new TlsLayer(Deno.listenTls({ hostname: LOOPBACK, port: 0, cert, key }), cert, key);
    } catch (error) {
      // Of the system's own errors, which have a code, the files are no cause.
      if (error instanceof Error && "code" in error) throw error;
      throw unusablePair(certPath, keyPath, error);
    }
  }

  /**
   * Does the handshake on `conn`, which belongs to the layer from now on and is closed where this rejects: when the handshake fails or
   * `signal` aborts before it is done.
   */
  accept(conn: Conn, signal: AbortSignal): Promise<Conn> {
    const accepting = this.#handshake(conn, signal).finally(() => this.#accepts.delete(accepting));
    this.#accepts.add(accepting);
    return accepting;
  }

  async #handshake(conn: Conn, signal: AbortSignal): Promise<Conn> {
    const giveUp = AbortSignal.any([signal, this.#end.signal]);
    const tls = await this.#wrap(conn, giveUp);
    const abort = (): void => tls.abort(giveUp.reason);
    giveUp.addEventListener("abort", abort, { once: true });
    try {
      await tls.handshake();
      giveUp.throwIfAborted();
      return tls;
    } catch (error) {
      tls.close();
      throw error;
    } finally {
      giveUp.removeEventListener("abort", abort);
    }
  }

  /**
   * Another layer takes the connections from now on: this one goes on for those it has, and for handshakes that have begun. Resolves when
   * none is left.
   */
  async retire(): Promise<void> {
    while (this.#accepts.size > 0 || this.#conns.size > 0) {
      await Promise.allSettled([...this.#accepts, ...Array.from(this.#conns, ({ done }) => done)]);
    }
    await this[Symbol.asyncDispose]();
  }

  /** Breaks every connection, which its owner still closes, and resolves when none is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#end.signal.aborted) {
      this.#end.abort(new Error("Cannot go on with TLS: its listener is closed"));
      this.#listener.close();
    }
    const conns = [...this.#conns];
    for (const conn of conns) conn.abort(this.#end.signal.reason);
    await Promise.all([this.#accepting, ...conns.map(({ done }) => done)]);
  }

  async #wrap(conn: Conn, giveUp: AbortSignal): Promise<TlsConn> {
    try {
      const { near, inside } = await this.#connect(giveUp);
      const tls = new TlsConn(conn, near, inside);
      this.#conns.add(tls);
      tls.done.then(() => this.#conns.delete(tls));
      return tls;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  async #connect(giveUp: AbortSignal): Promise<Pair> {
    const arrival = Promise.withResolvers<Deno.TlsConn>();
    const dial = this.#dial(arrival.resolve, giveUp);
    this.#dials.add(dial);
    const near = await dial.finally(() => this.#dials.delete(dial));
    const { port } = near.localAddr;
    const abort = (): void => {
      this.#expected.delete(port);
      arrival.reject(giveUp.reason);
    };
    if (giveUp.aborted) abort();
    giveUp.addEventListener("abort", abort, { once: true });
    try {
      return { near, inside: await arrival.promise };
    } catch (error) {
      near.close();
      throw error;
    } finally {
      giveUp.removeEventListener("abort", abort);
    }
  }

  async #dial(arrived: (inside: Deno.TlsConn) => void, signal: AbortSignal): Promise<Deno.TcpConn> {
    const near = await Deno.connect({ hostname: LOOPBACK, port: this.#listener.addr.port, signal });
    this.#expected.set(near.localAddr.port, arrived);
    return near;
  }

  async #accept(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        this.#admit(await this.#listener.accept());
      } catch {
        if (this.#end.signal.aborted) return;
        await pause(RETRY_MS, this.#end.signal);
      }
    }
  }

  /**
   * Hands a connection to who made it. One that somebody else made is closed, though as its handshake has not begun, Deno keeps the
   * descriptor until the stranger goes on or closes too.
   */
  async #admit(inside: Deno.TlsConn): Promise<void> {
    const { hostname, port } = inside.remoteAddr;
    if (!this.#expected.has(port) && this.#unknown < MAX_UNKNOWN) {
      this.#unknown++;
      await Promise.allSettled(this.#dials);
      this.#unknown--;
    }
    const arrived = hostname === LOOPBACK ? this.#expected.get(port) : undefined;
    if (arrived === undefined) return inside.close();
    this.#expected.delete(port);
    arrived(inside);
  }
}

/**
 * Reads a certificate and its key as {@linkcode TlsLayer.open} does, without a listener.
 *
 * @throws {UnusableFileError} where that would
 */
export async function checkCertificate(certPath: string, keyPath: string): Promise<void> {
  const pair = await readPair(certPath, keyPath);
  try {
    // Clients' certificates are read by the same code, and need no port.
    Deno.createHttpClient(pair).close();
  } catch (error) {
    throw unusablePair(certPath, keyPath, error);
  }
}

async function readPair(certPath: string, keyPath: string): Promise<{ readonly cert: string; readonly key: string }> {
  return { cert: await readPem("tls_cert", certPath), key: await readPem("tls_key", keyPath) };
}

function unusablePair(certPath: string, keyPath: string, cause: unknown): UnusableFileError {
  return new UnusableFileError(`listener.tls_cert '${certPath}' with tls_key '${keyPath}'`, cause);
}

async function readPem(key: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UnusableFileError(`listener.${key} '${path}'`, error);
  }
}

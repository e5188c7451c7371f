import type { Socket } from "node:net";
import type { Conn } from "./conn.ts";

/**
 * A {@linkcode Conn} over a connected socket of `node:net`, made with `allowHalfOpen`; it alone listens to the socket from then on.
 * Between two reads the socket takes up to its `readableHighWaterMark` from the system, then lets the peer wait.
 */
export class NodeConn implements Conn {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #readable = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = (): void => this.#readable.resolve();
    socket.on("readable", wake).on("end", wake).on("close", wake).on("error", (error) => {
      this.#failure = error;
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    while (true) {
      this.#readable = Promise.withResolvers();
      const chunk: Uint8Array | null = socket.read(Math.min(buffer.length, socket.readableLength));
      if (chunk !== null) {
        buffer.set(chunk);
        return chunk.length;
      }
      if (socket.readableEnded) return null;
      if (socket.destroyed) throw this.#failure ?? new Deno.errors.BadResource("Cannot read: the connection is closed");
      await this.#readable.promise;
    }
  }

  /**
   * Resolves when the system took all of `bytes`, which must not change until then. In Deno 2.7 a socket that was bound first resolves
   * at once instead, keeps a copy of what the system does not take yet, without a limit, and tells of a broken connection only by reading.
   */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  closeWrite(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const fail = (): void =>
        reject(this.#failure ?? new Deno.errors.BadResource("Cannot finish: the connection is closed"));
      // Deno 2.7 forgets the callback of a socket that is destroyed.
      if (socket.destroyed) return fail();
      socket.once("close", fail);
      socket.end(resolve);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  setNoDelay(on?: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(on?: boolean): void {
    this.#socket.setKeepAlive(on);
  }
}

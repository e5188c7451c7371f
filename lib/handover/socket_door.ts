/** The Unix socket through which the new process finds the old one. */
import { AF_UNIX, EAGAIN, type Libc, SOCK_SEQPACKET } from "../transport/epoll/libc.ts";
import { unixAddress } from "../transport/epoll/socket_address.ts";
import { HandoverError } from "./conversation.ts";
import { Readiness } from "./readiness.ts";
import { SocketChannel } from "./socket_channel.ts";
import type { HandoverDoor } from "./upgrade.ts";

/** Connections that may wait: one is expected. */
const BACKLOG = 1;

/** A door in a folder of its own, where nobody else can look. */
export class SocketDoor implements HandoverDoor {
  readonly path: string;
  readonly #folder: string;
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #readiness: Readiness;

  /**
   * @param folder Where the door's own folder is made.
   * @throws {Error} where it cannot be made
   */
  constructor(libc: Libc, folder: string) {
    this.#libc = libc;
    // Nothing may have been kept there so far.
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Its mode is 0700.
    this.#folder = Deno.makeTempDirSync({ dir: folder, prefix: ".handover-" });
    this.path = `${this.#folder}/s`;
    this.#descriptor = libc.socket(AF_UNIX, SOCK_SEQPACKET);
    this.#readiness = new Readiness(libc, this.#descriptor);
    try {
      check(libc, libc.bind(this.#descriptor, unixAddress(this.path)));
      check(libc, libc.listen(this.#descriptor, BACKLOG));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  async accept(signal: AbortSignal): Promise<SocketChannel> {
    const { uid } = Deno.statSync(this.#folder);
    while (true) {
      const accepted = this.#libc.accept(this.#descriptor, new Uint8Array(unixAddress(this.path).length));
      if (accepted === -EAGAIN) await this.#readiness.change(signal);
      else if (this.#libc.peerUser(check(this.#libc, accepted)) === uid) return new SocketChannel(this.#libc, accepted);
      else this.#libc.close(accepted);
    }
  }

  [Symbol.dispose](): void {
    this.#readiness.close();
    this.#libc.close(this.#descriptor);
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/**
 * Comes to the door at `path`.
 *
 * @throws {HandoverError} where there is none
 */
export function comeToDoor(libc: Libc, path: string): SocketChannel {
  const address = unixAddress(path);
  const descriptor = check(libc, libc.socket(AF_UNIX, SOCK_SEQPACKET));
  const connected = libc.connect(descriptor, address);
  if (connected >= 0) return new SocketChannel(libc, descriptor);
  libc.close(descriptor);
  throw new HandoverError(`Cannot reach the process to take over from at ${path}: ${libc.describe(-connected)}`);
}

/** `result`, unless it is an error. */
function check(libc: Libc, result: number): number {
  if (result >= 0) return result;
  throw new HandoverError(`Cannot open a socket to hand over through: ${libc.describe(-result)}`);
}

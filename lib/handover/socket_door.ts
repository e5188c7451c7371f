/** The Unix socket through which the new process finds the old one. */
import { AF_UNIX, EAGAIN, type Libc, SOCK_SEQPACKET } from "../transport/epoll/libc.ts";
import { UNIX_PATH_SIZE, unixAddress } from "../transport/epoll/socket_address.ts";
import { HandoverError } from "./conversation.ts";
import { Readiness } from "./readiness.ts";
import { SocketChannel } from "./socket_channel.ts";
import type { HandoverDoor } from "./upgrade.ts";

/** What the names of doors' own folders begin with. */
const PREFIX = ".handover-";
/** Milliseconds behind which nobody comes to a door any more, and its own process was killed if it is still there. */
const STALE_MS = 60_000;
/** Connections that may wait: one is expected. */
const BACKLOG = 1;

/** A door in a folder of its own, where nobody else can look. */
export class SocketDoor implements HandoverDoor {
  readonly path: string;
  readonly #folder: string;
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #readiness: Readiness;
  readonly #opened: DisposableStack;

  /**
   * @param folder Where the door's own folder is made.
   * @throws {Error} where it cannot be made
   */
  constructor(libc: Libc, folder: string) {
    this.#libc = libc;
    using opened = new DisposableStack();
    // Nothing may have been kept there so far.
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeStaleDoors(folder);
    // Its mode is 0700.
    this.#folder = opened.adopt(Deno.makeTempDirSync({ dir: folder, prefix: PREFIX }), Deno.removeSync);
    this.path = `${this.#folder}/s`;
    if (new TextEncoder().encode(this.path).length >= UNIX_PATH_SIZE) {
      throw new HandoverError(
        `Cannot open a socket in edge.data_dir as its path is too long: current value is ${folder}`,
      );
    }
    this.#descriptor = opened.adopt(check(libc, libc.socket(AF_UNIX, SOCK_SEQPACKET)), (own) => libc.close(own));
    this.#readiness = opened.adopt(new Readiness(libc, this.#descriptor), (own) => own.close());
    check(libc, libc.bind(this.#descriptor, unixAddress(this.path)));
    // By itself, as it takes a descriptor to look for what is in a folder.
    opened.adopt(this.path, Deno.removeSync);
    check(libc, libc.listen(this.#descriptor, BACKLOG));
    this.#opened = opened.move();
  }

  async accept(signal: AbortSignal): Promise<SocketChannel> {
    const { uid } = Deno.statSync(this.#folder);
    while (true) {
      const accepted = this.#libc.accept(this.#descriptor, new Uint8Array(unixAddress(this.path).length));
      if (accepted === -EAGAIN) {
        signal.throwIfAborted();
        // Whoever has come by then is let in, even if it has ended meanwhile: it may have said why.
        await this.#readiness.change(signal).catch(() => {});
      } else if (this.#libc.peerUser(check(this.#libc, accepted)) === uid) {
        return new SocketChannel(this.#libc, accepted);
      } else this.#libc.close(accepted);
    }
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
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

/** Removes what processes have left that were killed while another one was to come. */
function removeStaleDoors(folder: string): void {
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      if (name.startsWith(PREFIX) && isStale(path)) Deno.removeSync(path, { recursive: true });
    }
  } catch {
    // It is in nobody's way.
  }
}

function isStale(path: string): boolean {
  const { mtime } = Deno.lstatSync(path);
  return mtime !== null && Date.now() - mtime.getTime() > STALE_MS;
}

/** `result`, unless it is an error. */
function check(libc: Libc, result: number): number {
  if (result >= 0) return result;
  throw new HandoverError(`Cannot open a socket to hand over through: ${libc.describe(-result)}`);
}

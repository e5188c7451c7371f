/** Sockets in the file system that only their owner can open. */

/** How connecting to a socket fails that nobody listens on: any more, at that moment, or at all. */
const NOBODY = [Deno.errors.ConnectionRefused, Deno.errors.ConnectionReset, Deno.errors.NotFound];

/** A bound one. */
export interface UnixSocket {
  readonly listener: Deno.UnixListener;
  /** Removes the file, unless another program's is there by now. The listener stays open. */
  readonly remove: () => void;
}

/**
 * Listens on a socket file of mode 0600. One that nobody listens on any more is replaced.
 *
 * @throws {Deno.errors.AddrInUse} where somebody listens on it
 * @throws {Error} where it cannot be made, as its folder is missing or something else is in its place
 */
export async function listenOnUnixSocket(path: string): Promise<UnixSocket> {
  await makeWay(path);
  // Bound where nobody else can look, so that there is no moment in which others could open it.
  const folder = hiddenFolder(path);
  makeFolder(folder);
  try {
    const hidden = `${folder}/s`;
    const listener = Deno.listen({ transport: "unix", path: hidden });
    try {
      Deno.chmodSync(hidden, 0o600);
      const own = identity(hidden);
      Deno.renameSync(hidden, path);
      return { listener, remove: () => removeOwn(path, own) };
    } catch (error) {
      listener.close();
      throw error;
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Makes sure that what is at `path` may be replaced. */
async function makeWay(path: string): Promise<void> {
  const there = lookAt(path);
  if (there === undefined) return;
  if (!there.isSocket) throw new Error("a file that is no socket is in its place");
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (NOBODY.some((kind) => error instanceof kind)) return;
    throw error;
  }
  throw new Deno.errors.AddrInUse("somebody listens on it");
}

/** Beside the socket, and with a short name: the path of a socket has 107 bytes at most. */
function hiddenFolder(path: string): string {
  const name = crypto.getRandomValues(new Uint8Array(2)).toHex();
  return `${path.slice(0, path.lastIndexOf("/"))}/.${name}`;
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // The system's words would name a folder that nobody has heard of.
    if (error instanceof Deno.errors.NotFound) throw new Error("its folder does not exist (make it)");
    if (error instanceof Deno.errors.PermissionDenied) throw new Error("files cannot be made in its folder");
    throw error;
  }
}

function removeOwn(path: string, own: string): void {
  try {
    if (identity(path) === own) Deno.removeSync(path);
  } catch {
    // It is gone, or cannot be removed: the next process replaces a socket on which nobody listens.
  }
}

function identity(path: string): string {
  const { dev, ino } = Deno.lstatSync(path);
  return `${dev}:${ino}`;
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

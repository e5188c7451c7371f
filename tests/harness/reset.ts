/**
 * Breaking a TCP connection with RST. Deno offers no SO_LINGER, and closing always sends FIN first; on Linux, `connect()` to
 * AF_UNSPEC dissolves an established connection and sends RST at once.
 */
const AF_UNSPEC_ADDRESS_SIZE = 16;

/** Whether {@linkcode resetConnection} works on this system. */
export const CAN_RESET = Deno.build.os === "linux";

/** Sends RST on `conn`, which is of no use afterwards and still has to be closed. IPv4 on Linux only. */
export function resetConnection(conn: Deno.Conn): void {
  const { localAddr, remoteAddr } = conn;
  if (!CAN_RESET || localAddr.transport !== "tcp" || remoteAddr.transport !== "tcp") {
    throw new Error(`Cannot reset connection: only IPv4 connections on Linux can be, this is ${localAddr.transport}`);
  }
  const inode = inodeOf(localAddr.port, remoteAddr.port);
  const descriptor = inode === undefined ? undefined : descriptorOf(inode);
  if (descriptor === undefined) throw new Error(`Cannot reset connection: port ${localAddr.port} is not connected`);
  const libc = Deno.dlopen("libc.so.6", { connect: { parameters: ["i32", "buffer", "u32"], result: "i32" } });
  const result = libc.symbols.connect(descriptor, new Uint8Array(AF_UNSPEC_ADDRESS_SIZE), AF_UNSPEC_ADDRESS_SIZE);
  libc.close();
  if (result !== 0) throw new Error(`Cannot reset connection: connect returned ${result}`);
}

function inodeOf(localPort: number, remotePort: number): string | undefined {
  const rows = Deno.readTextFileSync("/proc/self/net/tcp").split("\n").slice(1).map((row) => row.trim().split(/\s+/));
  return rows.find(([, local, remote]) => endsInPort(local, localPort) && endsInPort(remote, remotePort))?.[9];
}

function endsInPort(address: string | undefined, port: number): boolean {
  return address?.endsWith(`:${port.toString(16).toUpperCase().padStart(4, "0")}`) ?? false;
}

function descriptorOf(inode: string): number | undefined {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    if (linkTarget(name) === `socket:[${inode}]`) return Number(name);
  }
  return undefined;
}

/** What a descriptor is, or `undefined` where it was closed while the folder was listed. */
function linkTarget(descriptor: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

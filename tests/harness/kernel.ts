/** What only the kernel knows. It reports no change, so that waiting for it means looking again and again. */
import { DEFAULT_TIMEOUT_MS, type NotYet, type WaitOptions } from "./waits.ts";

const LOOK_AGAIN_MS = 5;
/** State of a connection that both sides have closed, whose ports others may have by now. */
const TIME_WAIT = "06";

/** One end of a TCP connection of this machine. */
export interface TcpEnd {
  readonly localPort: number;
  readonly remotePort: number;
  /** Bytes that the other end has not acknowledged. */
  readonly unsent: number;
  /** Bytes that the process has not read. */
  readonly unread: number;
}

/** Waits until `probe` returns something. `what` names it in messages. */
export async function eventually<T>(
  probe: () => T | NotYet | Promise<T | NotYet>,
  what: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Cannot see ${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Ends of IPv4 TCP connections with `port`, their own or the other's; both ends of those within the machine. Linux only. */
export function tcpEnds(port: number): readonly TcpEnd[] {
  const mark = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const table = Deno.readTextFileSync("/proc/self/net/tcp");
  const ends: TcpEnd[] = [];
  // Connections closed lately stay in the table for a minute: there can be tens of thousands of rows.
  for (let at = table.indexOf(mark); at >= 0;) {
    const rowEnd = table.indexOf("\n", at);
    const row = table.slice(table.lastIndexOf("\n", at) + 1, rowEnd);
    const [, local = "", remote = "", state, queues = ""] = row.trim().split(/\s+/);
    const [unsent = "", unread = ""] = queues.split(":");
    if (state !== TIME_WAIT) {
      ends.push({
        localPort: portOf(local),
        remotePort: portOf(remote),
        unsent: parseInt(unsent, 16),
        unread: parseInt(unread, 16),
      });
    }
    at = table.indexOf(mark, rowEnd);
  }
  return ends;
}

function portOf(address: string): number {
  return parseInt(address.slice(address.indexOf(":") + 1), 16);
}

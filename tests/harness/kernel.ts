/** What only the kernel knows. It reports no change, so that waiting for it means looking again and again. */
import { DEFAULT_TIMEOUT_MS, type NotYet, type WaitOptions } from "./waits.ts";

const LOOK_AGAIN_MS = 5;

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

/** Every end of an IPv4 TCP connection; both ends of those within the machine. Linux only. */
export function tcpEnds(): readonly TcpEnd[] {
  const rows = Deno.readTextFileSync("/proc/self/net/tcp").trimEnd().split("\n").slice(1);
  return rows.map((row) => {
    const [, local = "", remote = "", , queues = ""] = row.trim().split(/\s+/);
    const [unsent = "", unread = ""] = queues.split(":");
    return {
      localPort: portOf(local),
      remotePort: portOf(remote),
      unsent: parseInt(unsent, 16),
      unread: parseInt(unread, 16),
    };
  });
}

function portOf(address: string): number {
  return parseInt(address.slice(address.indexOf(":") + 1), 16);
}

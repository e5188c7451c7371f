/** What only the kernel knows. It reports no change, so that waiting for it means looking again and again. */
import { DEFAULT_TIMEOUT_MS, type NotYet, type WaitOptions } from "./waits.ts";

const LOOK_AGAIN_MS = 5;
/** Looks, in a row, at which something must be the same before it counts as settled. */
const SETTLED_LOOKS = 20;
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

/** Waits until `probe` returns numbers that stay the same, however often somebody looks. */
export async function settled(
  probe: () => readonly number[] | NotYet,
  what: string,
  options?: WaitOptions,
): Promise<void> {
  let [last, looks] = ["", 0];
  await eventually(
    () => {
      const numbers = probe();
      const now = numbers ? numbers.join() : "";
      looks = now !== "" && now === last ? looks + 1 : 0;
      last = now;
      return looks >= SETTLED_LOOKS;
    },
    what,
    options,
  );
}

/** Bytes that connections accepted at `port` have for their peers, which take none; `undefined` where there are none. Linux only. */
export function unsentAt(port: number): number | undefined {
  const unsent = tcpEnds(port).reduce((sum, end) => sum + (end.localPort === port ? end.unsent : 0), 0);
  return unsent > 0 ? unsent : undefined;
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

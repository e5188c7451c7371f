import type { Poller } from "../sockets.ts";

const RESPONSE_SIZE = 1024 * 1024;
const BYTES_PER_MIB = 1024 ** 2;
const LAG = "kurafuto_event_loop_lag_seconds_bucket";

/** How often the edge's timers were late, by the upper bounds of how late, in seconds: counts of all that were not later. */
export type LagBuckets = ReadonlyMap<number, number>;

/** What the edge says of itself. */
export interface Look {
  readonly players: number;
  readonly residentMiB: number;
  readonly lag: LagBuckets;
}

/**
 * Asks the edge for its metrics over a socket of `poller`, so that nothing else has to run, and hands them to `onLook`; nothing comes of
 * it when the edge does not answer.
 */
export function look(poller: Poller, adminPort: number, onLook: (look: Look) => void): void {
  const socket = poller.connect(adminPort);
  const request = new TextEncoder().encode("GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  const response = new Uint8Array(RESPONSE_SIZE);
  let length = 0;
  socket.onRoom = () => {
    if (socket.send(request) > 0) socket.watchRoom(false);
  };
  socket.onReadable = () => {
    const received = socket.receive(response.subarray(length));
    length += received ?? 0;
    if (received !== 0) return;
    socket.close();
    const text = new TextDecoder().decode(response.subarray(0, length));
    if (text.includes(LAG)) onLook(parseLook(text));
  };
  socket.watchRoom(true);
}

/** Reads what matters here of Prometheus' text format. */
export function parseLook(text: string): Look {
  const lag = new Map<number, number>();
  for (const [, bound = "", count] of text.matchAll(new RegExp(`^${LAG}\\{le="([^"]+)"\\} (\\S+)$`, "gm"))) {
    lag.set(bound === "+Inf" ? Infinity : Number(bound), Number(count));
  }
  return {
    players: sum(text, "kurafuto_players"),
    residentMiB: sum(text, "process_resident_memory_bytes") / BYTES_PER_MIB,
    lag,
  };
}

/** The bound in seconds that 99 % of the edge's timers between two looks kept; `undefined` when there were none. */
export function lagP99(before: LagBuckets, after: LagBuckets): number | undefined {
  const counts = [...after].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }));
  const total = counts.at(-1)?.count ?? 0;
  return total === 0 ? undefined : counts.find(({ count }) => count >= total * 0.99)?.bound;
}

/** All series of one metric together. */
function sum(text: string, name: string): number {
  return text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))
    .reduce((whole, [, value]) => whole + Number(value), 0);
}

import type { ClientKind } from "../login.ts";
import { type Peer, type Place, SPARE_SESSIONS } from "./peer.ts";

/** Far more than the load needs of everything the edge limits: its limits are not what is measured. */
const PLENTY = 1_000_000;
/** The largest the edge's configuration takes. */
const MAX_JOIN_RATE = 10_000;

/** What is not as the edge comes. */
interface Settings {
  /** @default "parse" */
  readonly mode?: "raw";
  /** @default whatever the edge takes by itself */
  readonly driver?: "deno" | "epoll";
}

/**
 * The edge in its modes. `edge` parses but has nothing to change; `edge-raw` does not parse; the clients of `edge-translate` have all
 * extensions and the backend has none, so that every position is rewritten; `edge-deno` and `edge-epoll` are `edge` on one driver.
 *
 * @param prefix Stands before the names.
 * @param command Starts `kurafuto`; `run -c FILE` is appended.
 */
export function edges(prefix: string, command: readonly string[]): readonly Peer[] {
  return [
    edge(`${prefix}edge`, {}, "vanilla", command),
    edge(`${prefix}edge-raw`, { mode: "raw" }, "vanilla", command),
    edge(`${prefix}edge-translate`, {}, "cpe", command),
    edge(`${prefix}edge-deno`, { driver: "deno" }, "vanilla", command),
    edge(`${prefix}edge-epoll`, { driver: "epoll" }, "vanilla", command),
  ];
}

function edge(name: string, settings: Settings, client: ClientKind, command: readonly string[]): Peer {
  return {
    name,
    client,
    availability: () => ({ kind: "available", version: command.join(" ") }),
    launch: (place) => ({
      files: { "kurafuto.toml": config(place, settings) },
      command: [...command, "run", "-c", `${place.directory}/kurafuto.toml`],
    }),
  };
}

function config({ directory, port, backendPort, sessions }: Place, { mode, driver }: Settings): string {
  return `
[edge]
${driver === undefined ? "" : `driver = "${driver}"`}
data_dir = "${directory}/data"
max_players = ${sessions + SPARE_SESSIONS}
drain_timeout = "1s"

[log]
level = "error"

[[listener]]
name = "main"
bind = "127.0.0.1:${port}"
mode = "${mode ?? "parse"}"
pool = "main"
auth = "off"

[[backend]]
name = "world"
address = "127.0.0.1:${backendPort}"

# Nobody asks this one what it offers, so that players are still offered everything when the other has offered nothing.
[[backend]]
name = "unasked"
address = "127.0.0.1:9"

[[pool]]
name = "main"
backends = ["world"]
join_rate = ${MAX_JOIN_RATE}

[health]
backend_idle_timeout = "10m"

[limits]
connections_per_address = ${sessions + SPARE_SESSIONS}
connect_rate_per_address = "${PLENTY}/1s"
packets_per_second = ${PLENTY}
`;
}

import type { Peer } from "../peers/peer.ts";
import type { World } from "./world.ts";

/** Far more than a bot needs of everything the edge limits: its limits are not what is tried. */
const PLENTY = 1_000_000;

/** How the edge of a soak is started. */
export interface SoakEdgeOptions {
  /** Starts `kurafuto`; `run -c FILE` is appended. */
  readonly command: readonly string[];
  readonly worlds: readonly World[];
  /** Port of 127.0.0.1 for the admin API. */
  readonly adminPort: number;
  /** @default whatever the edge takes by itself */
  readonly driver: string | undefined;
}

/** The edge in front of all worlds, to move between as players like. */
export function soakEdge(options: SoakEdgeOptions): Peer {
  return {
    name: "edge",
    client: "cpe",
    availability: () => ({ kind: "available", version: options.command.join(" ") }),
    launch: ({ directory, port, sessions }) => ({
      files: { "kurafuto.toml": config(directory, port, sessions, options) },
      command: [...options.command, "run", "-c", `${directory}/kurafuto.toml`],
    }),
  };
}

function config(
  directory: string,
  port: number,
  sessions: number,
  { worlds, adminPort, driver }: SoakEdgeOptions,
): string {
  return `
[edge]
${driver === undefined ? "" : `driver = "${driver}"`}
data_dir = "${directory}/data"
max_players = ${2 * sessions}
drain_timeout = "1s"

[log]
level = "warn"

[[listener]]
name = "main"
bind = "127.0.0.1:${port}"
pool = "all"
auth = "off"

${worlds.map(({ name, port }) => `[[backend]]\nname = "${name}"\naddress = "127.0.0.1:${port}"\n`).join("\n")}
[[pool]]
name = "all"
backends = [${worlds.map(({ name }) => `"${name}"`).join(", ")}]
balance = "random-two"
join_rate = 10000
recent = false

[limits]
connections_per_address = ${2 * sessions}
connect_rate_per_address = "${PLENTY}/1s"
logins_at_once = ${2 * sessions}
packets_per_second = ${PLENTY}
chat_rate = "${PLENTY}/1s"

[admin]
bind = "127.0.0.1:${adminPort}"
`;
}

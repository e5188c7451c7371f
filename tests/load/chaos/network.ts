import { NO_LIMITS } from "../../harness/program.ts";

/** The pool that players come by. */
const ENTRY = "entry";

interface Server {
  readonly name: string;
  readonly address: string;
}

/** All servers. */
export interface Servers {
  readonly troubled: readonly Server[];
  /** Those that players come to who come by the listener "quiet", and nobody else. */
  readonly quiet: readonly Server[];
}

/** What reloads change of the network. */
export interface NetworkChange {
  readonly motd: string;
  readonly fall: number;
  readonly weight: number;
  readonly balance: string;
  readonly recent: boolean;
  /** Whether there is a second listener. */
  readonly side: boolean;
}

/** The network before the first reload. */
export const UNCHANGED: NetworkChange = {
  motd: "Welcome",
  fall: 2,
  weight: 1,
  balance: "first",
  recent: false,
  side: false,
};

/** A pool for each server, which falls back to all others of its kind; players come by one that has all of them, or one that is quiet. */
export function networkOf(
  { troubled, quiet }: Servers,
  { motd, fall, weight, balance, recent, side }: NetworkChange,
): { readonly config: string; readonly edge: readonly string[] } {
  const manners = [`balance = "${balance}"`, "join_rate = 10000", 'on_kick = "fallback"', `recent = ${recent}`];
  const poolsOf = (servers: readonly Server[]): readonly string[] =>
    servers.flatMap(({ name, address }) => [
      ...["[[pool]]", `name = "${poolOf(name)}"`, `backends = ["${name}"]`, ...manners],
      `fallback = ${JSON.stringify(servers.filter((other) => other.name !== name).map(({ name }) => poolOf(name)))}`,
      ...["[[backend]]", `name = "${name}"`, `address = "${address}"`, `weight = ${weight}`],
    ]);
  const config = [
    ...listener("main", ENTRY),
    ...side ? listener("side", ENTRY) : [],
    ...quiet.slice(0, 1).flatMap(({ name }) => listener("quiet", poolOf(name))),
    ...["[[pool]]", `name = "${ENTRY}"`, `backends = ${JSON.stringify(troubled.map(({ name }) => name))}`, ...manners],
    ...poolsOf(troubled),
    ...poolsOf(quiet),
    ...["[health]", 'interval = "200ms"', "rise = 1", `fall = ${fall}`, 'backend_idle_timeout = "1s"'],
    ...["[limits]", ...NO_LIMITS, 'login_timeout = "30s"'],
    ...["[admin]", 'bind = "127.0.0.1:0"', 'request_rate = "100000/1s"'],
    ...["[drill]", "enabled = true"],
  ];
  return { config: config.join("\n"), edge: ["max_players = 100000", 'drain_timeout = "30s"', `motd = "${motd}"`] };
}

function poolOf(server: string): string {
  return `${server}-pool`;
}

function listener(name: string, pool: string): readonly string[] {
  return ["[[listener]]", `name = "${name}"`, 'bind = "127.0.0.1:0"', `pool = "${pool}"`, 'auth = "off"'];
}

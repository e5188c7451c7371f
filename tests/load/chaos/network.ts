import { NO_LIMITS } from "../../harness/program.ts";

/** The pool that players come by. */
const ENTRY = "entry";

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

/** A pool for each server, which falls back to all others; players come by one that has all of them. */
export function networkOf(
  servers: readonly { readonly name: string; readonly address: string }[],
  { motd, fall, weight, balance, recent, side }: NetworkChange,
): { readonly config: string; readonly edge: readonly string[] } {
  const pools = servers.map(({ name }) => `${name}-pool`);
  const config = [
    ...listener("main"),
    ...side ? listener("side") : [],
    ...["[[pool]]", `name = "${ENTRY}"`, `backends = ${JSON.stringify(servers.map(({ name }) => name))}`],
    ...[`balance = "${balance}"`, "join_rate = 10000", 'on_kick = "fallback"', `recent = ${recent}`],
    ...servers.flatMap(({ name, address }, index) => [
      ...["[[pool]]", `name = "${pools[index]}"`, `backends = ["${name}"]`, `balance = "${balance}"`],
      `fallback = ${JSON.stringify(pools.filter((_, other) => other !== index))}`,
      ...["join_rate = 10000", 'on_kick = "fallback"', `recent = ${recent}`],
      ...["[[backend]]", `name = "${name}"`, `address = "${address}"`, `weight = ${weight}`],
    ]),
    ...["[health]", 'interval = "200ms"', "rise = 1", `fall = ${fall}`, 'backend_idle_timeout = "1s"'],
    ...["[limits]", ...NO_LIMITS, 'login_timeout = "30s"'],
    ...["[admin]", 'bind = "127.0.0.1:0"', 'request_rate = "100000/1s"'],
    ...["[drill]", "enabled = true"],
  ];
  return { config: config.join("\n"), edge: ["max_players = 100000", 'drain_timeout = "30s"', `motd = "${motd}"`] };
}

function listener(name: string): readonly string[] {
  return ["[[listener]]", `name = "${name}"`, 'bind = "127.0.0.1:0"', `pool = "${ENTRY}"`, 'auth = "off"'];
}

/** The configuration of a network that is reloaded all the time. */
import type { ProgramOptions } from "../harness/program.ts";
import { NO_LIMITS } from "../harness/program.ts";

/** Logins per second to each backend. */
export const JOIN_RATE = 10;

/** What changes from one reload to the next. */
export interface NetworkFile {
  /** Addresses of the servers that are always there, by name, in order. */
  readonly steady: Readonly<Record<string, string>>;
  /** How the pool of the steady servers chooses. */
  readonly balance: string;
  /** Of the first steady server. */
  readonly weight: number;
  readonly recent: boolean;
  readonly level: "debug" | "info";
  /** Lines of these sections. */
  readonly edge: readonly string[];
  readonly limits: readonly string[];
  readonly health: readonly string[];
  /** A second listener. */
  readonly side: { readonly bind: string; readonly pool: string } | undefined;
  /** Lines of a backend beyond the steady ones, without its name. */
  readonly fair: readonly string[] | undefined;
  /** The backends of a pool that falls back to the first steady one. */
  readonly fairs: readonly string[] | undefined;
}

/** The file as the program is given it. */
export function optionsOf(file: NetworkFile): ProgramOptions {
  const { steady, balance, weight, recent, level, edge, limits, health, side, fair, fairs } = file;
  const names = Object.keys(steady);
  const [first = ""] = names;
  const config = [
    ...listener("main", "127.0.0.1:0", "town"),
    ...side === undefined ? [] : listener("side", side.bind, side.pool),
    ...pool("town", names),
    ...[`balance = "${balance}"`, `recent = ${recent}`],
    ...pool("harbour", [first]),
    ...fairs === undefined ? [] : [...pool("fairs", fairs), 'fallback = ["harbour"]'],
    ...Object.entries(steady).flatMap(([name, address]) => {
      return ["[[backend]]", `name = "${name}"`, `address = "${address}"`, `weight = ${name === first ? weight : 1}`];
    }),
    ...fair === undefined ? [] : ["[[backend]]", 'name = "fair"', ...fair],
    ...["[limits]", ...NO_LIMITS, ...limits],
    ...["[health]", ...health],
    ...["[admin]", 'bind = "127.0.0.1:0"'],
  ];
  return { config: config.join("\n"), edge: ["max_players = 1000", ...edge], level };
}

function listener(name: string, bind: string, pool: string): readonly string[] {
  return ["[[listener]]", `name = "${name}"`, `bind = "${bind}"`, `pool = "${pool}"`, 'auth = "off"'];
}

function pool(name: string, backends: readonly string[]): readonly string[] {
  return ["[[pool]]", `name = "${name}"`, `backends = ${JSON.stringify(backends)}`, `join_rate = ${JOIN_RATE}`];
}

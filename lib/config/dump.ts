import type { Config } from "./schema.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Fields, written } from "./written.ts";

/** `config` as a file would say it: every key with the value in force, secrets masked. Absent sections are left out. */
export function dumpConfig(config: Config): string {
  const sections: readonly (readonly [header: string, tables: readonly (Fields | undefined)[]])[] = [
    ["[edge]", [config.edge]],
    ["[cpe]", [config.cpe]],
    ["[log]", [config.log]],
    ["[events]", [config.events]],
    ["[[listener]]", config.listeners],
    ["[[backend]]", config.backends],
    ["[[pool]]", config.pools],
    ["[health]", [config.health]],
    ["[redirect]", [config.redirect]],
    ["[limits]", [config.limits]],
    ["[auth]", [config.auth]],
    ["[[heartbeat]]", config.heartbeats],
    ["[heartbeat_absorber]", [config.heartbeatAbsorber]],
    ["[admin]", [config.admin]],
    ["[drill]", [config.drill]],
  ];
  return sections.flatMap(([header, tables]) =>
    tables.flatMap((table) => table === undefined ? [] : [`${header}\n${lines(table)}`])
  ).join("\n");
}

function lines(table: Fields): string {
  return Array.from(written(table), ([key, value]) => {
    return `${key} = ${withoutSecrets(key, value)}\n`;
  }).join("");
}

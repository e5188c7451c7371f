/** The keyrings of all listeners: one salt for each list that a listener is in. */
import { Keyring, type Service } from "./keyring.ts";
import type { Config, HeartbeatConfig } from "../config/schema.ts";
import type { Log } from "../observe/log.ts";

/** The service that a heartbeat makes known to players: the server list at that host. */
export function serviceOf({ url, nameSuffix }: HeartbeatConfig): Service {
  // Part of a file's name.
  return { name: new URL(url).host.replaceAll(/[^A-Za-z0-9.-]/g, "_"), suffix: nameSuffix };
}

/** By listener: those that check keys or are in a list. */
export type Keyrings = ReadonlyMap<string, Keyring>;

/**
 * Opens the keyrings that `config` asks for. Those of `before` that serve the same lists are taken over as they are.
 *
 * @throws {UnusableFileError} where a salt cannot be read or made
 */
export async function openKeyrings(config: Config, log: Log, before: Keyrings = new Map()): Promise<Keyrings> {
  const keyrings = new Map<string, Keyring>();
  for (const { name, auth } of config.listeners) {
    const services = config.heartbeats.filter(({ listener }) => listener === name).map(serviceOf);
    if (auth === "off" && services.length === 0) continue;
    const known = before.get(name);
    if (known !== undefined && servesSame(known.services, services)) {
      keyrings.set(name, known);
      continue;
    }
    await known?.settled();
    const keyring = await Keyring.open({
      dataDir: config.edge.dataDir,
      listener: name,
      services,
      rotationMs: config.auth.saltRotationMs,
      overlapMs: config.auth.saltOverlapMs,
      onProblem: (message) => log.error("salts", message),
    });
    keyrings.set(name, keyring);
  }
  return keyrings;
}

function servesSame(a: readonly Service[], b: readonly Service[]): boolean {
  return a.length === b.length && a.every(({ name, suffix }, i) => name === b[i]?.name && suffix === b[i]?.suffix);
}

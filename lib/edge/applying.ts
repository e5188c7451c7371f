/** Putting another configuration into effect while the edge runs. */
import { readAdminAccess } from "../admin/access.ts";
import type { BackendBeats } from "../backends/beats.ts";
import type { BackendChecks } from "../backends/checks.ts";
import type { Offers } from "../backends/offers.ts";
import type { Config } from "../config/schema.ts";
import type { Drills } from "../drill/drills.ts";
import { asError } from "../error_message.ts";
import type { EdgeAdmin } from "./admin.ts";
import type { EdgeData } from "./data.ts";
import type { EdgeReports } from "./reports.ts";
import type { Listings } from "../heartbeat/listings.ts";
import type { Listeners } from "./listeners.ts";
import type { EventOutputs } from "../observe/event_outputs.ts";
import type { OpenLog } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { EdgeHost } from "../players/edge_host.ts";
import { type Gatekeeper, gateRules } from "../players/gatekeeper.ts";
import type { Reception } from "../players/reception.ts";
import type { Sessions } from "../players/sessions.ts";
import type { Prepared } from "./prepared.ts";
import type { Network } from "../routing/network.ts";
import type { Upgrades } from "../succession/upgrades.ts";

/** The parts of an edge that go by its configuration. */
export interface ConfiguredParts {
  readonly log: OpenLog;
  readonly outputs: Pick<EventOutputs, "configure">;
  readonly reports: Pick<EdgeReports, "backendsReplaced">;
  readonly metrics: Pick<Metrics, "configured">;
  readonly upgrades: Pick<Upgrades, "isRunning">;
  readonly data: Pick<EdgeData, "prepare" | "keyrings">;
  readonly listeners: Pick<Listeners, "prepare">;
  readonly beats: Pick<BackendBeats, "prepare">;
  readonly admin: Pick<EdgeAdmin, "configure">;
  readonly host: Pick<EdgeHost, "configure">;
  readonly sessions: Pick<Sessions, "reconsider">;
  readonly network: Pick<Network, "configure">;
  readonly drills: Pick<Drills, "configure">;
  readonly offers: Pick<Offers, "configure">;
  readonly checks: Pick<BackendChecks, "configure">;
  readonly gatekeeper: Pick<Gatekeeper, "configure">;
  readonly reception: Pick<Reception, "configure">;
  readonly listings: Pick<Listings, "configure">;
}

/**
 * Puts `next` in the place of `before`: everything that may fail comes first, the rest happens at once. Resolves with what is new in
 * files that it names.
 *
 * @throws {Error} where it cannot be; then nothing has changed
 */
export async function applyConfig(parts: ConfiguredParts, before: Config, next: Config): Promise<readonly string[]> {
  if (parts.upgrades.isRunning) {
    throw new Error("Cannot reload: another process is about to take over, which reads the file itself");
  }
  const { log, outputs, data, listeners, beats, admin, gatekeeper, listings } = parts;
  const adminAccess = next.admin && await readAdminAccess(next.admin);
  const preparedData = await data.prepare(before, next);
  const prepared: Prepared[] = [];
  let renewed: readonly string[];
  try {
    const preparedListeners = await listeners.prepare(next.listeners);
    prepared.push(preparedListeners);
    ({ renewed } = preparedListeners);
    prepared.push(beats.prepare(next));
    preparedListeners.bind();
    log.configure(next.log);
    // Last, as a command that was ended for nothing would have to be started again.
    outputs.configure(next.events);
  } catch (error) {
    for (const change of prepared) change.discard();
    preparedData.discard();
    restoreLog(log, before);
    throw error;
  }
  preparedData.commit();
  if (adminAccess !== undefined) admin.configure(adminAccess);
  // First, as players who stand in line are asked which pool their listener leads to now.
  parts.host.configure(next);
  parts.network.configure(next);
  const names = next.backends.map(({ name }) => name);
  parts.drills.configure(next.drill.enabled, names);
  parts.offers.configure(names, next.cpe.exclude);
  parts.checks.configure(next);
  gatekeeper.configure(gateRules(next, data.keyrings));
  parts.reception.configure(next.limits);
  for (const change of prepared) change.commit();
  listings.configure(next, data.keyrings);
  parts.metrics.configured(next);
  parts.sessions.reconsider();
  parts.reports.backendsReplaced(before, next);
  return renewed.map((listener) => `listener "${listener}" has another certificate`);
}

function restoreLog(log: OpenLog, before: Config): void {
  try {
    log.configure(before.log);
  } catch (thrown) {
    log.error("log-failed", "the log is that of the configuration which was refused", { err: asError(thrown) });
  }
}

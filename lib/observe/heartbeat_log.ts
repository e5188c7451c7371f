/** What the log says about listings in public server lists. */
import type { PublisherEvent } from "../heartbeat/publisher.ts";
import type { Log } from "./log.ts";

/** Which listing an event belongs to. */
export interface ListingContext {
  readonly listener: string;
  /** Host of the list. */
  readonly list: string;
}

/** Logs that a list has the listener, at `info`, or does not, at `warn` with what can be done about it. */
export function logHeartbeat(log: Log, { listener, list }: ListingContext, event: PublisherEvent): void {
  if (event.kind === "listed") {
    const failures = event.failures === 0 ? undefined : event.failures;
    log.info("listed", "server list has the listener", { listener, list, url: event.url, failures });
    return;
  }
  const { failure: { reason, explanation, advice }, failures } = event;
  log.warn("not-listed", "server list does not take the heartbeat", {
    listener,
    list,
    reason,
    cause: explanation,
    advice,
    failures,
  });
}

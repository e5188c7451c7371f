import { type AdminClient, AdminError } from "../admin/client.ts";
import type { StampedEvent } from "../observe/edge_event.ts";
import { pause } from "../pause.ts";

/** Milliseconds between two tries to reach an edge that went away. */
const RETRY_MS = 1000;

export interface FollowOptions {
  /** Begin behind the event with this id; `undefined` for what happens from now on. */
  readonly since: number | undefined;
  /** Takes each event; returns whether it wants more. */
  readonly show: (event: StampedEvent) => boolean;
  /** Takes a word about the connection. */
  readonly tell: (text: string) => void;
  /** @default 1000 */
  readonly retryMs?: number;
}

/**
 * Shows what happens on the edge until nobody wants to see more, without gaps when the connection is lost, and from the first
 * event on when the edge was restarted.
 *
 * @throws {AdminError} where the edge refuses, or could not be reached at first
 */
export async function follow(
  client: AdminClient,
  { since, show, tell, retryMs = RETRY_MS }: FollowOptions,
): Promise<void> {
  let position = since;
  let edge: string | undefined;
  for (let lost = false;;) {
    try {
      const { startedAt } = await client.status();
      // Another process counts its events from 1 again.
      if (edge !== undefined && edge !== startedAt) position = 0;
      edge = startedAt;
      if (lost) tell("the edge is back");
      lost = false;
      for await (const event of client.events(position)) {
        position = event.id;
        if (!show(event)) return;
      }
    } catch (error) {
      if (edge === undefined || !(error instanceof AdminError) || error.kind !== "unreachable") throw error;
    }
    if (!lost) tell("the edge has gone; waiting for it to come back");
    lost = true;
    await pause(retryMs);
  }
}

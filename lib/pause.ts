import { setTimeout as delay } from "node:timers/promises";

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted: at once where it is already. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  // It rejects for nothing but the signal.
  await delay(ms, undefined, { signal }).catch(() => {});
}

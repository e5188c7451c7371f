import type { Conn } from "./conn.ts";

/** Does `work` with `conn`, and closes `conn` when `signal` says so meanwhile, which ends its reads and writes. */
export async function closeOnAbort<T>(
  conn: Pick<Conn, "close">,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const close = (): void => closeQuietly(conn);
  if (signal.aborted) close();
  signal.addEventListener("abort", close);
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** Closes `conn`, which may be closed already. */
export function closeQuietly(conn: Pick<Conn, "close">): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

import type { Conn } from "./conn.ts";

/** Where a backend listens. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** What the system says when the process, or the machine, has no descriptor left. */
const SHORTAGE_CODES: readonly unknown[] = ["EMFILE", "ENFILE"];

/** Connects to `address`; `signal` gives up. The caller holds the deadline. */
export async function dial(address: Address, signal: AbortSignal): Promise<Conn> {
  if (address.kind === "unix") return await Deno.connect({ transport: "unix", path: address.path });
  return await Deno.connect({ hostname: address.host, port: address.port, signal });
}

/** Whether a dial failed only because this process had no descriptor for it; to be asked as soon as it has. */
export function isOwnShortage(error: unknown): boolean {
  if (error instanceof Error && "code" in error && SHORTAGE_CODES.includes(error.code)) return true;
  // The look-up of a host's name then fails with whatever the system has at hand: not found, or busy.
  return !canOpen();
}

function canOpen(): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

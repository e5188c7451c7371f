import type { Conn } from "./socket.ts";

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

/** Whether a dial failed only because this process had no descriptor for it. */
export function isOwnShortage(error: unknown): boolean {
  return error instanceof Error && "code" in error && SHORTAGE_CODES.includes(error.code);
}

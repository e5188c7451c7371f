import { dialFrom } from "./bound_dial.ts";
import { DenoLeg } from "./deno_leg.ts";
import { dial } from "./dial.ts";
import type { Sockets } from "./sockets.ts";

/** Deno's own sockets: there on every system. */
export const DENO_SOCKETS: Sockets = {
  driver: "deno",
  listen: (hostname, port) => Deno.listen({ hostname, port }),
  dial: (address, signal, from) =>
    from === undefined || address.kind === "unix" ? dial(address, signal) : dialFrom(from, address, signal),
  openLeg: (conn, events, pace) => new DenoLeg(conn, events, pace),
  close: () => Promise.resolve(),
};

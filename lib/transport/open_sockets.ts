import type { Log } from "../observe/log.ts";
import { DENO_SOCKETS } from "./deno_sockets.ts";
import type { Sockets } from "./sockets.ts";

/** Chooses the driver. */
export function openSockets(_driver: "auto" | "deno" | "epoll", _log: Log): Sockets {
  return DENO_SOCKETS;
}

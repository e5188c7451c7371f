import { asError } from "../error_message.ts";
import type { Log } from "../observe/log.ts";
import { DENO_SOCKETS } from "./deno_sockets.ts";
import { EpollSockets } from "./epoll/epoll_sockets.ts";
import type { Sockets } from "./sockets.ts";

/**
 * Opens the driver that `edge.driver` asks for, and tells the log which one runs and why. `"auto"` takes epoll where the system has it and
 * the program may call libc.
 *
 * @throws {Error} where `"epoll"` was asked for and cannot be had
 */
export function openSockets(wanted: "auto" | "deno" | "epoll", log: Log): Sockets {
  if (wanted === "deno") return told(DENO_SOCKETS, "edge.driver asks for it", log);
  const missing = whatEpollMisses();
  if (missing === undefined) {
    try {
      const crashed = (error: unknown): void =>
        log.error("crashed", "error in the edge itself", { err: asError(error) });
      return told(new EpollSockets(crashed), wanted === "epoll" ? "edge.driver asks for it" : "it can be had", log);
    } catch (error) {
      return withoutEpoll(wanted, asError(error).message, log);
    }
  }
  return withoutEpoll(wanted, missing, log);
}

function withoutEpoll(wanted: "auto" | "epoll", why: string, log: Log): Sockets {
  if (wanted === "auto") return told(DENO_SOCKETS, `no epoll: ${why}`, log);
  throw new Error(`Cannot use driver "epoll": ${why} (set edge.driver to "auto" or "deno")`);
}

function whatEpollMisses(): string | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux") return `it is there on Linux only, this is ${os}`;
  if (arch !== "x86_64" && arch !== "aarch64") return `it does not know the processor ${arch}`;
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  return state === "granted" ? undefined : "the program has no permission to call libc (--allow-ffi)";
}

function told(sockets: Sockets, why: string, log: Log): Sockets {
  log.info("driver", "sockets are driven", { driver: sockets.driver, why });
  return sockets;
}

import { connect } from "node:net";
import { NodeConn } from "./node_conn.ts";
import type { Address } from "./dial.ts";
import type { Conn } from "./conn.ts";

/**
 * Connects to `address` from `localAddress`, an IPv4 address of this machine, at a port that the system chooses; `signal` gives up.
 * The caller holds the deadline. Done by `node:net`, because {@linkcode Deno.connect} lets nobody choose.
 */
export function dialFrom(
  localAddress: string,
  { host, port }: Pick<Extract<Address, { kind: "tcp" }>, "host" | "port">,
  signal: AbortSignal,
): Promise<Conn> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host, port, localAddress, family: 4, autoSelectFamily: false, allowHalfOpen: true });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    const failed = (error: Error): void => {
      signal.removeEventListener("abort", giveUp);
      reject(error);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("error", failed);
    socket.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.off("error", failed);
      resolve(new NodeConn(socket));
    });
  });
}

/** What owns the sockets of players and backends. */
import type { AcceptedConn, Conn } from "./conn.ts";
import type { Address } from "./dial.ts";
import type { OpenLeg } from "./leg.ts";

/** An address at which connections are accepted, one by one. */
export interface Acceptor {
  readonly addr: { readonly hostname: string; readonly port: number };
  /** Waits for the next connection. Rejects when there is no descriptor for it, when its peer is gone already, and once closed. */
  accept(): Promise<AcceptedConn>;
  /** Accepts no more; {@linkcode accept} rejects. */
  close(): void;
  /** Accepts nobody until {@linkcode resume}; those who connect wait. Absent where there is no {@linkcode descriptor}. */
  pause?(): void;
  resume?(): void;
  /** What another process needs to listen there too; absent where none can. */
  readonly descriptor?: number;
}

/** One of the drivers. */
export interface Sockets {
  readonly driver: "deno" | "epoll";
  /** Binds at once; throws what {@linkcode Deno.listen} throws. */
  listen(hostname: string, port: number): Acceptor;
  /**
   * Connects to `address`; `signal` gives up. The caller holds the deadline.
   *
   * @param from An IPv4 address of this machine to connect from, at a port that the system chooses.
   */
  dial(address: Address, signal: AbortSignal, from?: string): Promise<Conn>;
  readonly openLeg: OpenLeg;
  /** Sockets that another process has opened, by descriptors that are this one's. Absent where the driver knows no descriptors. */
  readonly inherited?: {
    acceptor(descriptor: number): Acceptor;
    conn(descriptor: number): Conn;
    /** Closes a descriptor for which there is no use. */
    close(descriptor: number): void;
  };
  /** Ends what works for all sockets, all of which must be closed. */
  close(): Promise<void>;
}

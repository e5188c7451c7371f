/** A connection that is read and written by asking: what stands in front of Classic is taken off this way, and said to backends. */

/** What is needed of a connection. */
export type Conn =
  & Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">
  & Partial<Pick<Deno.TcpConn, "setNoDelay" | "setKeepAlive">>
  & {
    /** Gives bytes back that were read, to be read again first. Absent where a {@linkcode PrefixedConn} has to do it. */
    unread?(bytes: Uint8Array): void;
  };

/** A connection that a listener accepted. */
export type AcceptedConn = Conn & Pick<Deno.TcpConn, "remoteAddr" | "localAddr">;

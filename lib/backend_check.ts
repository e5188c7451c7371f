/** One check of a backend over the network: whether it is there and, with a name to log in with, what it offers. */
import type { ExtensionSet } from "./protocol/extensions.ts";
import { LoginProbe, type ProbeStep } from "./session/probe.ts";
import { type Address, dial } from "./transport/dial.ts";
import { type Conn, Socket } from "./transport/socket.ts";

const READ_SIZE = 4 << 10;
const LATE = "no answer in time";

/** What a check found. */
export type CheckFindings =
  | {
    readonly ok: true;
    /** Absent where nobody asked, and where the backend turned the check away. */
    readonly offer?: ExtensionSet;
    /** The backend's words, where it turned the check away. */
    readonly note?: string;
  }
  | { readonly ok: false; readonly cause: string };

/**
 * Connects to a backend and closes the connection again. Never rejects over what the network or the backend does.
 *
 * @param name Whom to say hello as: 1 to 16 of `[A-Za-z0-9_.]`. `undefined` says nothing: a port that accepts is enough.
 * @param signal The check's deadline: ends it at once, as failed.
 */
export async function checkBackend(
  address: Address,
  name: string | undefined,
  signal: AbortSignal,
): Promise<CheckFindings> {
  let conn: Conn;
  try {
    conn = await dial(address, signal);
  } catch (error) {
    return failed(signal.aborted ? LATE : messageOf(error));
  }
  const socket = new Socket(conn, () => {});
  const close = (): void => socket.abort();
  signal.addEventListener("abort", close);
  try {
    if (signal.aborted) return failed(LATE);
    return name === undefined ? { ok: true } : await sayHello(socket, name, signal);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Reads until the probe is certain. Closing the socket ends a read. */
async function sayHello(socket: Socket, name: string, signal: AbortSignal): Promise<CheckFindings> {
  const probe = new LoginProbe(name);
  const buffer = new Uint8Array(READ_SIZE);
  let cause = "closed the connection";
  let timer: ReturnType<typeof setTimeout> | undefined;
  socket.enqueue(probe.hello, true);
  void socket.flush();
  try {
    for (let count = await socket.conn.read(buffer); count !== null; count = await socket.conn.read(buffer)) {
      const now = performance.now();
      const step = probe.push(buffer.subarray(0, count), now);
      if (step.kind !== "more") return findings(step);
      clearTimeout(timer);
      // One more, as a timer may be early by a part of a millisecond.
      if (step.wakeAt < Infinity) timer = setTimeout(() => socket.abort(), step.wakeAt - now + 1);
    }
  } catch (error) {
    cause = signal.aborted ? LATE : messageOf(error);
  } finally {
    clearTimeout(timer);
  }
  const step = probe.tick(performance.now());
  return step.kind === "more" ? failed(cause) : findings(step);
}

function findings(step: Exclude<ProbeStep, { readonly kind: "more" }>): CheckFindings {
  if (step.kind === "failed") return failed(step.cause);
  const { offer, note } = step;
  return { ok: true, ...offer && { offer }, ...note !== undefined && { note } };
}

function failed(cause: string): CheckFindings {
  return { ok: false, cause };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

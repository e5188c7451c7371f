/** One check of a backend over the network: whether it is there and, with a name to log in with, what it offers. */
import { messageOf } from "../error_message.ts";
import type { ExtensionSet } from "../protocol/extensions.ts";
import { LoginProbe, type ProbeStep } from "../session/probe.ts";
import { type BackendTarget, dialBackend } from "../transport/backend_dial.ts";
import { isOwnShortage } from "../transport/dial.ts";
import type { Conn } from "../transport/conn.ts";
import type { Sockets } from "../transport/sockets.ts";
import { Socket } from "../transport/socket.ts";

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
  | {
    readonly ok: false;
    readonly cause: string;
    /** Whether the check could not be made for want of a descriptor, which says nothing about the backend. */
    readonly ownShortage: boolean;
  };

/** Whom a check says hello as. */
export interface Hello {
  /** 1 to 16 of `[A-Za-z0-9_.]`. */
  readonly name: string;
  /** What proves the name to the backend; empty where nothing does. */
  readonly key: string;
}

/**
 * Connects to a backend and closes the connection again. Never rejects over what the network or the backend does.
 *
 * @param hello `undefined` says nothing: a port that accepts is enough.
 * @param signal The check's deadline: ends it at once, as failed.
 */
export async function checkBackend(
  sockets: Pick<Sockets, "dial">,
  target: BackendTarget,
  hello: Hello | undefined,
  signal: AbortSignal,
): Promise<CheckFindings> {
  let conn: Conn;
  try {
    conn = await dialBackend(sockets, target, undefined, signal);
  } catch (error) {
    return { ...failed(signal.aborted ? LATE : messageOf(error)), ownShortage: isOwnShortage(error) };
  }
  const socket = new Socket(conn, () => {});
  const close = (): void => socket.abort();
  signal.addEventListener("abort", close);
  try {
    if (signal.aborted) return failed(LATE);
    return hello === undefined ? { ok: true } : await sayHello(socket, hello, signal);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Reads until the probe is certain. Closing the socket ends a read. */
async function sayHello(socket: Socket, { name, key }: Hello, signal: AbortSignal): Promise<CheckFindings> {
  const probe = new LoginProbe(name, key);
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

function failed(cause: string): CheckFindings & { readonly ok: false } {
  return { ok: false, cause, ownShortage: false };
}

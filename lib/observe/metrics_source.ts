/** What metrics read of the edge whenever somebody asks for them. */
import type { SessionTraffic } from "../session/port.ts";

/** See the file's first line. Every method returns what is true now, and is called a few times a minute. */
export interface MetricsSource {
  /** Players who were let in, by the listener they came through; every listener of the configuration. */
  listeners(): readonly { readonly name: string; readonly players: number }[];
  /** Every backend of the configuration; players who are there or on their way. */
  backends(): readonly { readonly name: string; readonly state: "up" | "down"; readonly players: number }[];
  /** Entries in public server lists; when the last heartbeat was taken, in seconds since 1970, 0 before the first. */
  listings(): readonly { readonly listener: string; readonly list: string; readonly lastSuccess: number }[];
  /** Of all sessions since the start, those that are over included. Never decreases. */
  traffic(): SessionTraffic;
  /** Bytes that wait to be written, of all legs. */
  bufferBytes(): number;
  /** Sessions in line for a backend. */
  queueLength(): number;
}

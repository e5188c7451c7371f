/** A driver without sockets that also keeps every effect of its session in order, for comparing two sessions. */
import type { Closing, Leg, SessionEvent } from "../../lib/session/port.ts";
import { MemoryDriver } from "./memory_driver.ts";

/** See the file's first line. */
export class TranscriptDriver extends MemoryDriver {
  /** One line for each write, dial, closing and event. */
  readonly transcript: string[] = [];

  override write(leg: Leg, bytes: Uint8Array): void {
    this.transcript.push(`write ${leg} ${bytes.toHex()}`);
    super.write(leg, bytes);
  }

  override dial(leg: Leg, backend: string): void {
    this.transcript.push(`dial ${leg} ${backend}`);
    super.dial(leg, backend);
  }

  override close(leg: Leg, how: Closing): void {
    this.transcript.push(`close ${leg} ${how}`);
    super.close(leg, how);
  }

  override emit(event: SessionEvent): void {
    this.transcript.push(`event ${JSON.stringify(event)}`);
    super.emit(event);
  }
}

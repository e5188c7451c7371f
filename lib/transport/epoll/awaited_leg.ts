import type { Conn } from "../conn.ts";
import { DenoLeg } from "../deno_leg.ts";
import type { LegEvents } from "../leg.ts";
import type { Pace } from "../pacer.ts";
import type { EpollLoop } from "./loop.ts";

/** A leg that is read and written by asking, as through TLS, beside legs that the loop tells. */
export class AwaitedLeg extends DenoLeg {
  readonly #loop: EpollLoop;

  constructor(conn: Conn, events: LegEvents, pace: Pace, loop: EpollLoop) {
    const leave = loop.host();
    super(conn, endingWith(events, leave), pace);
    this.#loop = loop;
  }

  /** Copies what other legs lend: they all read into the same memory, whether one of them is held or not. */
  override write(bytes: Uint8Array): void {
    super.write(bytes, false);
  }

  override flush(): void {
    super.flush();
    this.#loop.stir();
  }
}

/** What is told to `events`, and that the leg is gone also to `leave`. */
function endingWith(events: LegEvents, leave: () => void): LegEvents {
  return {
    bytes: (chunk, readAt) => events.bytes(chunk, readAt),
    ended: () => events.ended(),
    failed: (cause) => events.failed(cause),
    drained: () => events.drained(),
    gone: () => {
      leave();
      events.gone();
    },
    get asked() {
      return events.asked;
    },
  };
}

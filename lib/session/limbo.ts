/** The moment between losing a backend and being somewhere else: the old world is still before the player's eyes. */
import { ClientReader } from "./client_reader.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import type { Place, PlaceEvents } from "./place.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { Stage } from "./reasons.ts";

/** Keeps what the player types for the next backend; everything else belongs to a world that is gone. */
export class Limbo implements Place {
  readonly kind = "limbo";
  readonly backend = "";
  readonly kickable = true;
  readonly stage: Stage;
  readonly #session: SessionCore;
  readonly #reader: ClientReader;

  /** @param stage The stage in which the backend was lost. */
  constructor(session: SessionCore, client: ClientSide, events: PlaceEvents, stage: Stage) {
    this.#session = session;
    this.stage = stage;
    this.#reader = new ClientReader(session, client, {
      line: () => {
        const { text } = client.line;
        if (events.isCommand(text)) {
          client.line.clear();
          events.command(text);
        } else if (!client.keepLine()) {
          client.say("&cThat was too much at once, nobody has read it");
        }
      },
      packet: () => {},
    });
  }

  fromClient(chunk: Uint8Array): void {
    this.#reader.read(chunk);
  }

  fromBackend(): void {}
  opened(): void {}
  gone(): void {}
  admitted(): void {}
  dispose(): void {}
  suspend(): void {}
  leave(): void {}

  eof(leg: Leg): void {
    if (leg === CLIENT) this.#session.end("client-left", "the client closed");
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.#session.end("client-reset", cause);
  }
}

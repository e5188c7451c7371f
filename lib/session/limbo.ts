/** The moment between losing a backend and being somewhere else: the old world is still before the player's eyes. */
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { EdgePlace } from "./edge_place.ts";
import type { Place, PlaceEvents } from "./place.ts";
import type { Stage } from "./reasons.ts";

/** Keeps what the player types for the next backend; everything else belongs to a world that is gone. */
export class Limbo extends EdgePlace {
  readonly kind = "limbo";
  readonly stage: Stage;
  override readonly from: string;
  readonly #events: PlaceEvents;

  /** @param lost Where the player was, and in which stage. */
  constructor(session: SessionCore, client: ClientSide, events: PlaceEvents, lost: Pick<Place, "backend" | "stage">) {
    super(session, client);
    this.#events = events;
    this.stage = lost.stage;
    this.from = lost.backend;
  }

  protected override takeLine(): void {
    const { client } = this;
    const { text } = client.line;
    if (this.#events.isCommand(text)) {
      client.line.clear();
      this.#events.command(text);
    } else if (!client.keepLine()) {
      client.say("&cThat was too much at once, nobody has read it");
    }
  }

  protected override takePacket(): void {}
}

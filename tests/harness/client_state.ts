import type { PacketName } from "../../lib/protocol/packet_table.ts";
import type { PacketValues } from "../../lib/protocol/packets.ts";
import { ClientBlocks } from "./client/blocks.ts";
import { ClientEntities } from "./client/entities.ts";
import { ClientEnvironment } from "./client/environment.ts";
import { ClientMap } from "./client/map.ts";
import { ClientModels } from "./client/models.ts";
import type { ClientContext, StatePart } from "./client/part.ts";
import { ClientPlayer } from "./client/player.ts";
import { ClientScreen } from "./client/screen.ts";

/** Everything a ClassiCube client remembers of the servers it talked to over one connection. */
export class ClientState {
  readonly map: ClientMap;
  readonly blocks: ClientBlocks;
  readonly entities: ClientEntities;
  readonly environment: ClientEnvironment = new ClientEnvironment();
  readonly screen: ClientScreen;
  readonly models: ClientModels = new ClientModels();
  readonly player: ClientPlayer = new ClientPlayer();
  readonly #parts: readonly StatePart[];

  constructor(context: ClientContext) {
    this.map = new ClientMap(context);
    this.blocks = new ClientBlocks(context);
    this.entities = new ClientEntities(context);
    this.screen = new ClientScreen(context);
    const { map, blocks, entities, environment, screen, models, player } = this;
    this.#parts = [map, blocks, entities, environment, screen, models, player];
  }

  /** Whether the client stands in a world: it was welcomed, has a map and knows its place in it. */
  get isJoined(): boolean {
    return this.player.identifications > 0 && this.map.loaded > 0 && !this.map.loading && this.entities.isPlaced;
  }

  /** Lets one packet from the server take effect. */
  apply<N extends PacketName>(name: N, packet: PacketValues<N>): void {
    for (const { handlers } of this.#parts) handlers[name]?.(packet);
  }

  /**
   * All that lasts, as a plain object to compare: a client that was moved between servers must equal one that logged in
   * to the last of them afresh.
   */
  snapshot(): Record<string, unknown> {
    const { map, blocks, entities, environment, screen, models, player } = this;
    return structuredClone({
      player: player.snapshot(),
      map: map.snapshot(),
      blocks: blocks.snapshot(),
      entities: entities.snapshot(),
      environment: environment.snapshot(),
      screen: screen.snapshot(),
      models: models.snapshot(),
    });
  }
}

import { CLASSICUBE } from "./extensions.ts";
import { ClientState } from "../client_state.ts";
import { worldPackets } from "../login_script.ts";
import { splitPackets } from "../reference_splitter.ts";
import type { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { type Dialect, legalSizes, packetById, type PacketName } from "../../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket } from "../../../lib/protocol/packets.ts";

const SIZE = { x: 4, y: 4, z: 4 };
const ZEROS = new Uint8Array(12);

/** A place to stand, with a different value in each field. */
export const POSITION = { x: 1, y: 2, z: 3, yaw: 4, pitch: 5 };

/** A state that is fed packets without a network. */
export class FedClient {
  readonly violations: string[] = [];
  readonly state: ClientState;
  readonly #dialect: Dialect;

  constructor(extensions: ExtensionSet = CLASSICUBE) {
    this.#dialect = { protocol: 7, cpe: true, extensions };
    this.state = new ClientState({
      username: "Steve",
      extensions,
      wideBlocks: extensions.has("ExtendedBlocks"),
      violation: (what) => this.violations.push(what),
    });
  }

  take<N extends PacketName>(name: N, packet: PacketInput<N>): this {
    return this.takeBytes(encodePacket(name, this.#dialect, packet));
  }

  /** A new map of stone. */
  enterMap(): this {
    return this.takeBytes(worldPackets(this.#dialect, { size: SIZE }));
  }

  takeBytes(bytes: Uint8Array): this {
    const sizes = legalSizes("s2c", this.#dialect);
    for (const { start } of splitPackets(bytes, (id) => sizes[id] ?? 0).packets) {
      // Every packet of the table has a name of the table.
      const name = packetById("s2c", bytes[start] ?? 0)?.name as PacketName;
      this.state.apply(name, readPacket(name, this.#dialect, bytes, start));
    }
    return this;
  }
}

/** A packet that marks a box. */
export function selection(selectionId: number): PacketInput<"MakeSelection"> {
  const box = { x1: 0, y1: 0, z1: 0, x2: 1, y2: 1, z2: 1 };
  return { selectionId, label: "", ...box, red: 1, green: 2, blue: 3, opacity: 4 };
}

/** A packet that defines a block. */
export function definition(block: number): PacketInput<"DefineBlock"> {
  const look = { transmitsLight: 0, walkSound: 0, fullBright: 0, shape: 16, blockDraw: 0 };
  const fog = { fogDensity: 0, fogRed: 0, fogGreen: 0, fogBlue: 0 };
  return {
    block,
    name: "Glow",
    solidity: 2,
    speed: 128,
    topTexture: 1,
    sideTexture: 1,
    bottomTexture: 1,
    ...look,
    ...fog,
  };
}

/** A packet that lists a player. */
export function tabEntry(nameId: number): PacketInput<"ExtAddPlayerName"> {
  return { nameId, playerName: "Alex+", listName: "&aAlex", groupName: "Guests", groupRank: 3 };
}

/** A packet that defines a model of one part. */
export function model(modelId: number): PacketInput<"DefineModel"> {
  const bounds = { collision: ZEROS, pickMin: ZEROS, pickMax: ZEROS };
  return { modelId, name: "cube", flags: 0, nameY: 1, eyeY: 1, ...bounds, uScale: 1, vScale: 1, partCount: 1 };
}

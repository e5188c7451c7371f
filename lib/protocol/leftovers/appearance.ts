import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { hasText, i16At, i32At, offsetOf } from "./fields.ts";
import type { Leftover } from "./leftover.ts";

const ENV_SET_MAP_APPEARANCE = packetNamed("EnvSetMapAppearance").id;
const SET_MAP_ENV_URL = packetNamed("SetMapEnvUrl").id;
const TEXTURE_URL = offsetOf("EnvSetMapAppearance", "textureUrl");
const APPEARANCE_DISTANCE = offsetOf("EnvSetMapAppearance", "maxViewDistance");
const URL = offsetOf("SetMapEnvUrl", "url");
const URL_PART_2 = offsetOf("SetMapEnvUrl", "urlPart2");
const PROPERTY = offsetOf("SetMapEnvProperty", "property");
const VALUE = offsetOf("SetMapEnvProperty", "value");
const MAX_VIEW_DISTANCE = 4;
const SIDE_BLOCK = 7;
const EDGE_BLOCK = 8;

/** Textures and view distance: all that EnvMapAspect and EnvMapAppearance set and a new map keeps. */
export class Appearance implements Leftover {
  static readonly packets: readonly PacketName[] = ["EnvSetMapAppearance", "SetMapEnvUrl", "SetMapEnvProperty"];
  readonly #client: Dialect;
  #hasTextures = false;
  #limitsView = false;

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    const { extensions } = this.#client;
    if (bytes[start] === ENV_SET_MAP_APPEARANCE) {
      this.#hasTextures = hasText(bytes, start + TEXTURE_URL);
      if (extensions.has("EnvMapAppearance", 2)) this.#limitsView = i16At(bytes, start + APPEARANCE_DISTANCE) > 0;
    } else if (bytes[start] === SET_MAP_ENV_URL) {
      this.#hasTextures = hasText(bytes, start + URL) ||
        extensions.has("EnvMapAspect", 2) && hasText(bytes, start + URL_PART_2);
    } else if (bytes[start + PROPERTY] === MAX_VIEW_DISTANCE) {
      this.#limitsView = i32At(bytes, start + VALUE) > 0;
    }
  }

  writeDown(): readonly number[] {
    return [Number(this.#hasTextures), Number(this.#limitsView)];
  }

  resume([hasTextures, limitsView]: readonly number[]): void {
    this.#hasTextures = hasTextures === 1;
    this.#limitsView = limitsView === 1;
  }

  undo(out: PacketBuffer): void {
    if (this.#client.extensions.has("EnvMapAspect")) {
      if (this.#hasTextures) writePacket(out, "SetMapEnvUrl", this.#client, { url: "" });
      if (this.#limitsView) {
        writePacket(out, "SetMapEnvProperty", this.#client, { property: MAX_VIEW_DISTANCE, value: 0 });
      }
    } else if (this.#hasTextures || this.#limitsView) {
      // The new map resets sides, edge and clouds.
      writePacket(out, "EnvSetMapAppearance", this.#client, {
        textureUrl: "",
        sideBlock: SIDE_BLOCK,
        edgeBlock: EDGE_BLOCK,
        sideLevel: 0,
        cloudsHeight: 0,
        maxViewDistance: 0,
      });
    }
  }
}

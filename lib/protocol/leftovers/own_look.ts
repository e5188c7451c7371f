import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { readText } from "../text.ts";
import { i32At, offsetOf } from "./fields.ts";
import type { Leftover } from "./leftover.ts";

const CHANGE_MODEL = packetNamed("ChangeModel").id;
const MODEL = offsetOf("ChangeModel", "model");
const PROPERTY = offsetOf("SetEntityProperty", "property");
const VALUE = offsetOf("SetEntityProperty", "value");
const SELF = 255;
const DEFAULT_MODEL = "humanoid";
const DEFAULT_SCALE = 1000;
const DEFAULT_PUSH = 1000;
/**
 * By number: rotations in degrees, scales and push strength in thousandths. ClassiCube takes the last one also where
 * EntityProperty was negotiated in version 1, which does not have it.
 */
const DEFAULT_PROPERTIES = [0, 0, 0, DEFAULT_SCALE, DEFAULT_SCALE, DEFAULT_SCALE, DEFAULT_PUSH] as const;
/** The next position of the own player sets it. */
const ROTATION_Y = 1;
const FIRST_SCALE = 3;
const AFTER_SCALES = 6;

/** Model, rotations, scales and push strength of the player itself; all other entities go with the map. */
export class OwnLook implements Leftover {
  static readonly packets: readonly PacketName[] = ["ChangeModel", "SetEntityProperty"];
  readonly #client: Dialect;
  readonly #properties = Int32Array.from(DEFAULT_PROPERTIES);
  #hasModel = false;

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    if (bytes[start + 1] !== SELF) return;
    if (bytes[start] === CHANGE_MODEL) {
      const model = readText(bytes, start + MODEL);
      this.#hasModel = model !== "" && model !== DEFAULT_MODEL;
      this.#resetScales();
    } else {
      const property = bytes[start + PROPERTY] ?? 0;
      if (property !== ROTATION_Y && property < this.#properties.length) {
        this.#properties[property] = i32At(bytes, start + VALUE);
      }
    }
  }

  writeDown(): readonly number[] {
    return [Number(this.#hasModel), ...this.#properties];
  }

  resume([hasModel, ...properties]: readonly number[]): void {
    this.#hasModel = hasModel === 1;
    this.#properties.set(properties.slice(0, this.#properties.length));
  }

  undo(out: PacketBuffer): void {
    if (this.#hasModel) {
      writePacket(out, "ChangeModel", this.#client, { entityId: SELF, model: DEFAULT_MODEL });
      this.#resetScales();
    }
    for (const [property, value] of DEFAULT_PROPERTIES.entries()) {
      if (this.#properties[property] === value) continue;
      writePacket(out, "SetEntityProperty", this.#client, { entityId: SELF, property, value });
    }
  }

  /** Every ChangeModel does so, too. */
  #resetScales(): void {
    this.#properties.fill(DEFAULT_SCALE, FIRST_SCALE, AFTER_SCALES);
  }
}

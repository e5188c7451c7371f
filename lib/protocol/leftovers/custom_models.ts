import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const DEFINE_MODEL = packetNamed("DefineModel").id;
/** The client ignores higher ids. */
const MODEL_COUNT = 64;

/** Shapes that the server defined. Their parts (DefineModelPart) come and go with them. */
export class CustomModels implements Leftover {
  static readonly packets: readonly PacketName[] = ["DefineModel", "UndefineModel"];
  readonly #client: Dialect;
  readonly #defined = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    const modelId = bytes[start + 1] ?? 0;
    if (modelId < MODEL_COUNT) this.#defined.set(modelId, bytes[start] === DEFINE_MODEL);
  }

  writeDown(): readonly number[] {
    return [...this.#defined];
  }

  resume(noted: readonly number[]): void {
    this.#defined.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const modelId of this.#defined) writePacket(out, "UndefineModel", this.#client, { modelId });
  }
}

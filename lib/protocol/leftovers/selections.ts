import type { PacketBuffer } from "../packet_buffer.ts";
import { type Dialect, type PacketName, packetNamed } from "../packet_table.ts";
import { writePacket } from "../packets.ts";
import { IdSet } from "./id_set.ts";
import type { Leftover } from "./leftover.ts";

const MAKE_SELECTION = packetNamed("MakeSelection").id;

/** Boxes drawn into the world. ClassiCube removes them with a new map by itself, the Java client does not. */
export class Selections implements Leftover {
  static readonly packets: readonly PacketName[] = ["MakeSelection", "RemoveSelection"];
  readonly #client: Dialect;
  readonly #made = new IdSet();

  constructor(client: Dialect) {
    this.#client = client;
  }

  track(bytes: Uint8Array, start: number): void {
    this.#made.set(bytes[start + 1] ?? 0, bytes[start] === MAKE_SELECTION);
  }

  writeDown(): readonly number[] {
    return [...this.#made];
  }

  resume(noted: readonly number[]): void {
    this.#made.addAll(noted);
  }

  undo(out: PacketBuffer): void {
    for (const selectionId of this.#made) writePacket(out, "RemoveSelection", this.#client, { selectionId });
  }
}

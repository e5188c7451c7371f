/** The client's half of CPE: which extensions it has, learned once for the whole session. */
import { clientSet, ExtensionList, ExtensionSet } from "../protocol/extensions.ts";
import { memo } from "../protocol/memo.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import type { Dialect } from "../protocol/packet_table.ts";
import { readPacket, writePacket } from "../protocol/packets.ts";
import { dialectOf } from "./identification.ts";

/** Entries a client may announce; the largest real list has 41. */
const MAX_ENTRIES = 256;
const SUPPORT_LEVEL = 1;
/** Takes an announced extension back: ClassiCube switches ExtendedBlocks off again on an entry with this version. */
const WITHDRAWN = 0;
/** Lists kept; each has up to three kilobytes. */
const MAX_LISTS = 64;
/** Any dialect with CPE: the lists are the same in all of them. */
const CORE = dialectOf(7, true);

/** ExtInfo and an ExtEntry for each extension, as either side says them. Shared: do not change it. */
export const extensionList: (appName: string, set: ExtensionSet) => Uint8Array = memo(
  MAX_LISTS,
  (appName, set) => `${set.key} ${appName}`,
  (appName: string, set: ExtensionSet) => {
    const out = new PacketBuffer();
    writePacket(out, "ExtInfo", CORE, { appName, count: set.size });
    for (const { name, version } of set.entries()) writePacket(out, "ExtEntry", CORE, { extension: name, version });
    return out.copy();
  },
);

/** Reads the client's ExtInfo and its entries. */
export class Negotiation {
  readonly #announced: ExtensionSet;
  readonly #dialect: Dialect;
  readonly #reply = new ExtensionList();
  #appName = "";
  #missing: number | undefined;

  constructor(announced: ExtensionSet, dialect: Dialect) {
    this.#announced = announced;
    this.#dialect = dialect;
  }

  /** Name and version of the client's software; empty before its ExtInfo. */
  get appName(): string {
    return this.#appName;
  }

  /** Whether all entries the client counted have come. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Takes the client's ExtInfo at `start` of `bytes`. Returns what is wrong with it, if anything. */
  info(bytes: Uint8Array, start: number): string | undefined {
    const { appName, count } = readPacket("ExtInfo", this.#dialect, bytes, start);
    if (this.#missing !== undefined) return "second ExtInfo";
    if (count < 0 || count > MAX_ENTRIES) return `ExtInfo counts ${count} extensions`;
    this.#appName = appName;
    this.#missing = count;
    return undefined;
  }

  /** Takes an ExtEntry. Returns what is wrong with it, if anything. */
  entry(bytes: Uint8Array, start: number): string | undefined {
    const { extension, version } = readPacket("ExtEntry", this.#dialect, bytes, start);
    if (this.#missing === undefined) return "ExtEntry before ExtInfo";
    if (this.#missing === 0) return "more entries than ExtInfo counted";
    // What is listed twice is counted twice and is there once (protocol.md §10).
    this.#missing--;
    this.#reply.add(extension, version);
    return undefined;
  }

  /** C, once complete. */
  result(): Dialect {
    return { ...this.#dialect, extensions: clientSet(this.#announced, this.#listed, this.#appName) };
  }

  /** Writes what the client must still hear from a server before it may play. */
  writeClosing(out: PacketBuffer, client: Dialect): void {
    // ClassiCube with "custom blocks" switched off leaves ExtendedBlocks out of its list but has already widened its fields.
    if (this.#announced.has("ExtendedBlocks") && !this.#listed.has("ExtendedBlocks")) {
      writePacket(out, "ExtEntry", client, { extension: "ExtendedBlocks", version: WITHDRAWN });
    }
    if (client.extensions.has("CustomBlocks")) {
      writePacket(out, "CustomBlockSupportLevel", client, { level: SUPPORT_LEVEL });
    }
  }

  get #listed(): ExtensionSet {
    return ExtensionSet.listed(this.#reply);
  }
}

import { type ExtensionName, ExtensionSet, isExtensionName } from "../../../lib/protocol/extensions.ts";
import type { PacketName } from "../../../lib/protocol/packet_table.ts";

/** Everything ClassiCube 1.3.8 lists, in its versions. */
export const CLASSICUBE: ExtensionSet = ExtensionSet.ALL.without("AmpersandSupport");

/**
 * How a client departs from ClassiCube 1.3.8 as it comes:
 * - `customBlocksOff`: its option "custom blocks" is off. It lists no BlockDefinitions, BlockDefinitionsExt and ExtendedBlocks,
 *   yet an announced ExtendedBlocks makes it read and write 16-bit block ids without enlarging its sizes, until a late
 *   ExtEntry of version 0 switches that off again.
 * - `echoesVersions`: a version before 1.3.6, which lists the server's version numbers even if they are higher than its own.
 */
export type ClientQuirk = "customBlocksOff" | "echoesVersions";

const NOT_LISTED_WITHOUT_CUSTOM_BLOCKS = ["BlockDefinitions", "BlockDefinitionsExt", "ExtendedBlocks"] as const;
const ALWAYS_ENLARGING: readonly string[] = ["ExtEntityPositions", "FastMap", "ExtendedTextures", "ExtendedBlocks"];
const ENLARGING_UNLESS_VERSION_1: readonly string[] = ["EnvMapAppearance", "BlockDefinitionsExt", "EnvMapAspect"];

const PACKETS_WITH_BLOCKS: readonly PacketName[] = [
  "SetBlock",
  "HoldThis",
  "SetBlockPermission",
  "BulkBlockUpdate",
  "SetInventoryOrder",
  "SetHotbar",
];

/** One entry of a list of extensions. */
export interface ExtensionEntry {
  readonly name: string;
  readonly version: number;
}

/**
 * The client's half of the exchange of extension lists, as ClassiCube does it: it counts announced entries and replies with its
 * complete list whenever none is outstanding; each entry takes effect at once and only ever adds to packet sizes.
 */
export class ClientExtensions {
  readonly #own: ExtensionSet;
  readonly #quirk: ClientQuirk | undefined;
  readonly #reply: (entries: readonly ExtensionEntry[]) => void;
  readonly #violation: (what: string) => void;
  readonly #serverVersions = new Map<string, number>();
  readonly #enlarged = new Set<string>();
  #active = ExtensionSet.EMPTY;
  #outstanding = 0;
  #infos = 0;
  #replied = false;
  #wideBlocks = false;

  /** @param reply Called with the list to send, where the client replies. */
  constructor(
    own: ExtensionSet,
    quirk: ClientQuirk | undefined,
    reply: (entries: readonly ExtensionEntry[]) => void,
    violation: (what: string) => void,
  ) {
    this.#own = quirk === "customBlocksOff" ? own.without(...NOT_LISTED_WITHOUT_CUSTOM_BLOCKS) : own;
    this.#quirk = quirk;
    this.#reply = reply;
    this.#violation = violation;
  }

  /** What both sides have: what arrives is framed with it. */
  get active(): ExtensionSet {
    return this.#active;
  }

  /** What the client writes with. */
  get writing(): ExtensionSet {
    return this.#wideBlocks ? this.#active.with("ExtendedBlocks", 1) : this.#active;
  }

  /** Whether the client would read 16-bit block ids from this packet although it frames 8-bit ones. */
  misreads(name: PacketName): boolean {
    return this.#wideBlocks && PACKETS_WITH_BLOCKS.includes(name);
  }

  /** Whether the client has sent its list. */
  get replied(): boolean {
    return this.#replied;
  }

  info(count: number): void {
    if (++this.#infos > 1) this.#violation("second ExtInfo");
    this.#outstanding += count & 0xffff;
    this.#replyIfComplete();
  }

  entry(name: string, version: number): void {
    const late = this.#replied;
    this.#outstanding--;
    this.#replyIfComplete();
    const read = version & 0xff;
    if (this.#quirk === "customBlocksOff" && name === "ExtendedBlocks") {
      this.#wideBlocks = read > 0;
    } else if (isExtensionName(name) && this.#own.has(name)) {
      this.#activate(name, read, late);
    }
  }

  #activate(name: ExtensionName, version: number, late: boolean): void {
    this.#serverVersions.set(name, version);
    const enlarges = enlargesSizes(name, Math.min(version, this.#own.version(name)));
    const enlarged = this.#enlarged.has(name);
    if (enlarges && version === 0) this.#violation(`ExtEntry '${name}' has version 0 and still enlarges packets`);
    if (enlarged && !enlarges) this.#violation(`ExtEntry '${name}' came again with a lower version`);
    if (enlarged && enlarges && name !== "CustomModels") this.#violation(`ExtEntry '${name}' enlarges packets twice`);
    if (!enlarged && enlarges && late) this.#violation(`ExtEntry '${name}' enlarges packets after the negotiation`);
    if (enlarges) this.#enlarged.add(name);
    this.#active = this.#active.with(name, version).intersect(this.#own);
  }

  #replyIfComplete(): void {
    if (this.#outstanding !== 0) return;
    this.#replied = true;
    this.#reply([...this.#own.entries()].map(({ name, version }) => ({ name, version: this.#listed(name, version) })));
  }

  #listed(name: string, own: number): number {
    const server = this.#serverVersions.get(name) ?? 0;
    if (server === 0) return own;
    return this.#quirk === "echoesVersions" ? server : Math.min(server, own);
  }
}

function enlargesSizes(name: string, version: number): boolean {
  return ALWAYS_ENLARGING.includes(name) ||
    (ENLARGING_UNLESS_VERSION_1.includes(name) && version !== 1) ||
    (name === "CustomModels" && version === 2);
}

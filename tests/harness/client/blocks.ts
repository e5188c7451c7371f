import { BLOCK_COUNT } from "./map.ts";
import { type ClientContext, type PacketHandlers, plain, type StatePart } from "./part.ts";

const HIGHEST_CPE_BLOCK = 65;
const BEDROCK = 7;
const LIQUIDS = [8, 9, 10, 11] as const;
const NOT_PLACEABLE: readonly number[] = [0, BEDROCK, ...LIQUIDS];
const DEFAULT_HOTBAR = [1, 4, 45, 3, 5, 17, 18, 20, 44] as const;

/** What a client knows about blocks: custom definitions, what may be built, its inventory and its hand. */
export class ClientBlocks implements StatePart {
  /** Custom blocks by id, as their packets define them. */
  readonly definitions = new Map<number, Readonly<Record<string, unknown>>>();
  readonly #context: ClientContext;
  readonly #place = Uint8Array.from({ length: BLOCK_COUNT }, (_, block) => Number(!NOT_PLACEABLE.includes(block)));
  readonly #delete = Uint8Array.from(
    { length: BLOCK_COUNT },
    (_, block) => Number(!LIQUIDS.some((id) => id === block)),
  );
  readonly #inventory = Uint16Array.from({ length: BLOCK_COUNT }, (_, slot) => slot < HIGHEST_CPE_BLOCK ? slot + 1 : 0);
  readonly #hotbar: number[] = [...DEFAULT_HOTBAR];
  #canChangeHeld = true;

  readonly handlers: PacketHandlers = {
    ServerIdentification: ({ userType }) => this.#setUserType(userType ?? 0),
    UpdateUserType: ({ userType }) => this.#setUserType(userType),
    DefineBlock: (packet) => this.#define(packet.block % BLOCK_COUNT, packet),
    DefineBlockExt: (packet) => this.#define(packet.block % BLOCK_COUNT, packet),
    RemoveBlockDefinition: (packet) => {
      const block = packet.block % BLOCK_COUNT;
      this.definitions.delete(block);
      this.#removeFromInventory(block);
      if (block <= HIGHEST_CPE_BLOCK) this.#addToInventory(block);
    },
    SetInventoryOrder: ({ block, order }) => {
      this.#removeFromInventory(block % BLOCK_COUNT);
      if (order > 0) this.#inventory[order % BLOCK_COUNT - 1] = block % BLOCK_COUNT;
    },
    SetHotbar: ({ block, slot }) => {
      if (slot < this.#hotbar.length) this.#hotbar[slot] = block % BLOCK_COUNT;
    },
    HoldThis: ({ block, preventChange }) => {
      const other = this.#hotbar.indexOf(block % BLOCK_COUNT);
      if (other >= 0) this.#hotbar[other] = this.held;
      this.#hotbar[0] = block % BLOCK_COUNT;
      this.#canChangeHeld = preventChange === 0;
    },
    SetBlockPermission: ({ block, allowPlace, allowDelete }) => {
      this.#place[block % BLOCK_COUNT] = Number(allowPlace !== 0);
      this.#delete[block % BLOCK_COUNT] = Number(allowDelete !== 0);
    },
  };

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** The block in the client's hand. */
  get held(): number {
    return this.#hotbar[0] ?? 0;
  }

  /** Whether the player may choose another block to hold. */
  get canChangeHeld(): boolean {
    return this.#canChangeHeld;
  }

  get hotbar(): readonly number[] {
    return this.#hotbar;
  }

  /** Blocks in the order of the inventory's slots; 0 is an empty slot. */
  get inventory(): readonly number[] {
    return [...this.#inventory];
  }

  mayPlace(block: number): boolean {
    return this.#place[block] === 1;
  }

  mayDelete(block: number): boolean {
    return this.#delete[block] === 1;
  }

  snapshot(): unknown {
    return {
      definitions: plain(this.definitions),
      place: bits(this.#place),
      delete: bits(this.#delete),
      inventory: this.inventory,
      hotbar: [...this.#hotbar],
      canChangeHeld: this.#canChangeHeld,
    };
  }

  #define(block: number, packet: Readonly<Record<string, unknown>>): void {
    this.definitions.set(block, { ...packet });
    this.#addToInventory(block);
  }

  /** Puts a block where it stands by default; other slots that hold it keep it, as in ClassiCube. */
  #addToInventory(block: number): void {
    if (block > 0) this.#inventory[block - 1] = block;
  }

  #removeFromInventory(block: number): void {
    for (const [slot, held] of this.#inventory.entries()) if (held === block) this.#inventory[slot] = 0;
  }

  /** Without BlockPermissions, operators may build with bedrock and liquids. */
  #setUserType(userType: number): void {
    if (this.#context.extensions.has("BlockPermissions")) return;
    const isOperator = Number(userType >= 100 && userType <= 127);
    this.#place[BEDROCK] = isOperator;
    this.#delete[BEDROCK] = isOperator;
    for (const liquid of LIQUIDS) this.#place[liquid] = isOperator;
  }
}

/** The blocks whose flag is 0, which are few. */
function bits(flags: Uint8Array): { readonly forbidden: readonly number[] } {
  return { forbidden: [...flags.entries()].filter(([, flag]) => flag === 0).map(([block]) => block) };
}

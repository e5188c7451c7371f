import { type ClientContext, type PacketHandlers, plain, type StatePart } from "./part.ts";

/** Id that means "you" in every packet about entities. */
export const SELF_ID = 255;

const DEFAULT_MODEL = "humanoid";
/** What the client subtracts from the height on the wire to get the height of the feet, in 1/32 block. */
const EYE_HEIGHT = 51;
/** What it adds to absolute heights of its own player. */
const SELF_RAISE = 22;

/** Coordinates in 1/32 block, angles in 1/256 turn. */
export interface Position {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly yaw: number;
  readonly pitch: number;
}

/** One player or bot in the world. */
export interface Entity {
  name: string;
  skin: string;
  /** As on the wire; `undefined` until the server said where. */
  position: Position | undefined;
  model: string;
  /** Degrees. */
  rotationX: number;
  rotationZ: number;
  /** Thousandths, by axis. */
  scale: [number, number, number];
  /** Thousandths. */
  pushStrength: number;
}

/** One line of the list of players. */
export interface TabEntry {
  readonly playerName: string;
  readonly listName: string;
  readonly groupName: string;
  readonly groupRank: number;
  /** Came with a spawned entity and goes with it. */
  readonly linked: boolean;
}

/** Who stands where, and who is in the list of players. */
export class ClientEntities implements StatePart {
  /** By id; {@linkcode SELF_ID} is always there. */
  readonly entities = new Map<number, Entity>();
  /** The list of players by the low byte of the id. */
  readonly tabList = new Map<number, TabEntry>();
  readonly #context: ClientContext;
  readonly #self: Entity;
  #spawn: Position | undefined;
  #isPlaced = false;

  readonly handlers: PacketHandlers = {
    LevelInitialize: () => {
      for (const id of [...this.entities.keys()]) this.#remove(id);
      this.#isPlaced = false;
    },
    SpawnPlayer: (packet) => {
      const entity = this.#add(packet.playerId, packet.playerName, "");
      this.#spawnAt(packet.playerId, packet);
      const { name } = entity;
      this.tabList.set(packet.playerId, {
        playerName: name,
        listName: name,
        groupName: "Players",
        groupRank: 0,
        linked: true,
      });
    },
    ExtAddEntity: ({ entityId, inGameName, skinName }) => {
      this.#add(entityId, inGameName, skinName);
    },
    ExtAddEntity2: (packet) => {
      this.#add(packet.entityId, packet.inGameName, packet.skinName);
      this.#spawnAt(packet.entityId, packet);
    },
    DespawnPlayer: ({ playerId }) => this.#remove(playerId),
    PlayerTeleport: (packet) => this.#place(packet.playerId, packet),
    ExtEntityTeleport: (packet) => this.#teleport(packet.entityId, packet.behaviour, packet),
    PositionAndOrientationUpdate: ({ playerId, dx, dy, dz, yaw, pitch }) => {
      this.#shift(playerId, dx, dy, dz);
      this.#turn(playerId, yaw, pitch);
    },
    PositionUpdate: ({ playerId, dx, dy, dz }) => this.#shift(playerId, dx, dy, dz),
    OrientationUpdate: ({ playerId, yaw, pitch }) => this.#turn(playerId, yaw, pitch),
    SetSpawnpoint: ({ x, y, z, yaw, pitch }) => {
      this.#spawn = { x, y: y - EYE_HEIGHT, z, yaw, pitch };
    },
    ChangeModel: ({ entityId, model }) => {
      const entity = this.entities.get(entityId);
      if (entity !== undefined) Object.assign(entity, { model: model || DEFAULT_MODEL, scale: [1000, 1000, 1000] });
    },
    SetEntityProperty: ({ entityId, property, value }) => this.#setProperty(entityId, property, value),
    ExtAddPlayerName: ({ nameId, playerName, listName, groupName, groupRank }) => {
      this.tabList.set(nameId & 0xff, {
        playerName: withoutPlus(playerName),
        listName: withoutPlus(listName),
        groupName,
        groupRank,
        linked: false,
      });
    },
    ExtRemovePlayerName: ({ nameId }) => {
      this.tabList.delete(nameId & 0xff);
    },
  };

  constructor(context: ClientContext) {
    this.#context = context;
    this.#self = newEntity(context.username, context.username);
    this.entities.set(SELF_ID, this.#self);
  }

  /** The client's own player. */
  get self(): Readonly<Entity> {
    return this.#self;
  }

  /** Whether the server placed the own player since the last LevelInitialize: the client sends no position before. */
  get isPlaced(): boolean {
    return this.#isPlaced;
  }

  /** Where the player respawns: feet, in 1/32 block. */
  get spawn(): Position | undefined {
    return this.#spawn;
  }

  /** Moves the own player, as the player does. */
  moveSelf(position: Position): void {
    this.#self.position = position;
  }

  snapshot(): unknown {
    const tabList = [...this.tabList].map(([id, { linked: _, ...shown }]) => [id, shown] as const);
    return { entities: plain(this.entities), tabList: plain(new Map(tabList)), spawn: this.#spawn };
  }

  #add(id: number, givenName: string, givenSkin: string): Entity {
    let name = withoutPlus(givenName);
    if (id === SELF_ID && withoutColours(name) !== this.#context.username) name = this.#context.username;
    const skin = withoutPlus(givenSkin || name);
    this.#remove(id);
    const entity = id === SELF_ID ? Object.assign(this.#self, { name, skin }) : newEntity(name, skin);
    this.entities.set(id, entity);
    return entity;
  }

  /** Removes an entity and the tab entry that came with it. The own player stays. */
  #remove(id: number): void {
    if (id === SELF_ID) return;
    this.entities.delete(id);
    if (this.tabList.get(id)?.linked) this.tabList.delete(id);
  }

  #spawnAt(id: number, position: Position): void {
    this.#place(id, position);
    const { x, y, z, yaw, pitch } = position;
    if (id === SELF_ID) this.#spawn = { x, y: y - EYE_HEIGHT + SELF_RAISE, z, yaw, pitch };
  }

  #place(id: number, { x, y, z, yaw, pitch }: Position): void {
    if (id === SELF_ID) this.#isPlaced = true;
    const entity = this.entities.get(id);
    if (entity !== undefined) entity.position = { x, y, z, yaw, pitch };
  }

  /** `behaviour`: bit 0 has a position, bits 1–2 how (2 and 3 relative), bit 4 has an orientation. */
  #teleport(id: number, behaviour: number, packet: Position): void {
    if (id === SELF_ID) this.#isPlaced = true;
    const { x, y, z } = packet;
    const { yaw, pitch } = this.entities.get(id)?.position ?? packet;
    const isRelative = (behaviour & 4) !== 0;
    if ((behaviour & 1) !== 0 && isRelative) this.#shift(id, x, y, z);
    else if ((behaviour & 1) !== 0) this.#place(id, { x, y, z, yaw, pitch });
    if ((behaviour & 16) !== 0) this.#turn(id, packet.yaw, packet.pitch);
  }

  #shift(id: number, dx: number, dy: number, dz: number): void {
    const entity = this.entities.get(id);
    if (entity?.position === undefined) return;
    const { x, y, z, yaw, pitch } = entity.position;
    entity.position = { x: x + dx, y: y + dy, z: z + dz, yaw, pitch };
  }

  #turn(id: number, yaw: number, pitch: number): void {
    const entity = this.entities.get(id);
    if (entity?.position !== undefined) entity.position = { ...entity.position, yaw, pitch };
  }

  #setProperty(id: number, property: number, value: number): void {
    const entity = this.entities.get(id);
    if (entity === undefined) return;
    if (property === 0) entity.rotationX = value;
    else if (property === 1) this.#turn(id, Math.trunc(value * 256 / 360) & 0xff, entity.position?.pitch ?? 0);
    else if (property === 2) entity.rotationZ = value;
    else if (property <= 5) entity.scale[property - 3] = value;
    else if (property === 6) entity.pushStrength = value;
  }
}

function newEntity(name: string, skin: string): Entity {
  return {
    name,
    skin,
    position: undefined,
    model: DEFAULT_MODEL,
    rotationX: 0,
    rotationZ: 0,
    scale: [1000, 1000, 1000],
    pushStrength: 1000,
  };
}

/** Servers mark accounts with a `+` that the client does not show. */
function withoutPlus(name: string): string {
  return name.endsWith("+") ? name.slice(0, -1) : name;
}

/** `text` without colour codes: `&` and one hexadecimal digit or letter. */
function withoutColours(text: string): string {
  return text.replaceAll(/&[0-9a-z]/gi, "");
}

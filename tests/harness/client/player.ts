import { keep, type PacketHandlers, type StatePart } from "./part.ts";

const DEFAULT_CLICK_DISTANCE = 160;
const DEFAULT_JUMP_HEIGHT = -1;

/** What the player may do besides walking. */
export interface Hacks {
  fly: boolean;
  noclip: boolean;
  speed: boolean;
  respawn: boolean;
  thirdPerson: boolean;
  names: boolean;
  push: boolean;
}

type HackName = Exclude<keyof Hacks, "push">;
const HACK_NAMES: readonly HackName[] = ["fly", "noclip", "speed", "respawn", "thirdPerson", "names"];

/** Who the server says it is, and what it grants the player. */
export class ClientPlayer implements StatePart {
  readonly pluginMessages: { readonly channel: number; readonly data: Uint8Array }[] = [];
  #serverName = "";
  #motd = "";
  #isOperator = false;
  #hacks: Hacks = hacksFrom("", false);
  #jumpHeight = DEFAULT_JUMP_HEIGHT;
  #clickDistance = DEFAULT_CLICK_DISTANCE;
  #identifications = 0;

  readonly handlers: PacketHandlers = {
    ServerIdentification: ({ serverName, motd, userType }) => {
      this.#identifications++;
      this.#serverName = serverName;
      this.#motd = motd;
      this.#setUserType(userType ?? 0);
    },
    UpdateUserType: ({ userType }) => this.#setUserType(userType),
    HackControl: ({ fly, noclip, speed, spawnControl, thirdPerson, jumpHeight }) => {
      this.#hacks = {
        ...this.#hacks,
        fly: fly !== 0,
        noclip: noclip !== 0,
        speed: speed !== 0,
        respawn: spawnControl !== 0,
        thirdPerson: thirdPerson !== 0,
      };
      this.#jumpHeight = jumpHeight;
    },
    SetClickDistance: ({ distance }) => {
      this.#clickDistance = distance;
    },
    PluginMessage: ({ channel, data }) => {
      keep(this.pluginMessages, { channel, data });
    },
  };

  get serverName(): string {
    return this.#serverName;
  }

  get motd(): string {
    return this.#motd;
  }

  get isOperator(): boolean {
    return this.#isOperator;
  }

  get hacks(): Readonly<Hacks> {
    return this.#hacks;
  }

  /** In 1/32 block; -1 is the client's own. */
  get jumpHeight(): number {
    return this.#jumpHeight;
  }

  /** In 1/32 block. */
  get clickDistance(): number {
    return this.#clickDistance;
  }

  /** How many ServerIdentifications came. */
  get identifications(): number {
    return this.#identifications;
  }

  snapshot(): unknown {
    const { serverName, motd, isOperator, jumpHeight, clickDistance } = this;
    return { serverName, motd, isOperator, hacks: { ...this.#hacks }, jumpHeight, clickDistance };
  }

  #setUserType(userType: number): void {
    this.#isOperator = userType >= 100 && userType <= 127;
    this.#hacks = hacksFrom(this.#serverName + this.#motd, this.#isOperator);
  }
}

/** Flags such as `-hax +fly` in the server's name and motd; everything is allowed unless they say otherwise. */
function hacksFrom(flags: string, isOperator: boolean): Hacks {
  const has = (flag: string, otherwise: boolean): boolean =>
    flags.includes(`+${flag}`) ? true : flags.includes(`-${flag}`) ? false : otherwise;
  const all = !flags.includes("-hax");
  const hacks: Hacks = {
    fly: has("fly", all),
    noclip: has("noclip", all),
    speed: has("speed", all),
    respawn: has("respawn", all),
    thirdPerson: has("thirdperson", all),
    names: has("names", all && isOperator),
    push: has("push", true),
  };
  const forOperators = flags.includes("+ophax") ? true : flags.includes("-ophax") ? false : undefined;
  if (isOperator && forOperators !== undefined) { for (const name of HACK_NAMES) hacks[name] = forOperators; }
  return hacks;
}

import { ExtensionSet } from "../protocol/extensions.ts";
import type { Dialect, PacketName, ProtocolVersion } from "../protocol/packet_table.ts";
import { seededRandom } from "./noise.ts";
import { generateFlat, type World } from "./world.ts";

/** One line of what a server announces, exactly as its ExtEntry says it. */
export interface Announcement {
  readonly name: string;
  readonly version: number;
}

/** What a server does with somebody who has just sent their Identification. */
export type LoginBehaviour =
  /** Lets them in, if nothing else speaks against it. */
  | "accept"
  /** Says nothing, for as long as they stay. */
  | "silent"
  /** Closes the socket without a word. */
  | "close"
  /** Answers with bytes that are no packets. */
  | "garbage"
  /** Logs them in and never ends the map. */
  | "endless-map"
  /** Closes the socket in the middle of the map, after that many of its chunks. */
  | { readonly closeAfterChunks: number }
  /** Kicks them, before any ExtInfo, with this text. */
  | { readonly kick: string };

/** What happens on a server, for whoever runs it in the same process. */
export type ServerEvent =
  | { readonly kind: "joined"; readonly player: string; readonly dialect: Dialect; readonly login: LoginFacts }
  | { readonly kind: "left"; readonly player: string }
  /** A whole line of chat, joined from its parts, colour codes as the player typed them. */
  | { readonly kind: "chat"; readonly player: string; readonly text: string }
  /** Any packet a player sent after login; `bytes` is a view that is valid during the call only. */
  | { readonly kind: "packet"; readonly player: string; readonly packet: PacketName; readonly bytes: Uint8Array };

/** What a player said at login. */
export interface LoginFacts {
  readonly key: string;
  /** Name and version of the client; empty without CPE. */
  readonly appName: string;
  /** Address the player came from; empty on a Unix socket. */
  readonly remoteHostname: string;
}

/** How a {@linkcode ClassicServer} behaves. */
export interface ClassicServerOptions {
  /**
   * Address to listen on.
   *
   * @default "127.0.0.1"
   */
  readonly hostname?: string;
  /**
   * TCP port to listen on, 0 for any that is free.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * Path of a Unix socket to listen on instead of TCP.
   *
   * @default none
   */
  readonly path?: string;
  /**
   * Name shown while joining.
   *
   * @default "Demo"
   */
  readonly name?: string;
  /**
   * Second line shown while joining.
   *
   * @default "Welcome"
   */
  readonly motd?: string;
  /**
   * Server software as said in ExtInfo. Must not begin with "D3 server": ClassiCube then changes how it takes HackControl.
   *
   * @default "Kurafuto demo"
   */
  readonly software?: string;
  /**
   * The world everybody plays in.
   *
   * @default a flat meadow of 32×32×32 blocks
   */
  readonly world?: World;
  /**
   * Extensions the server uses with clients that have them too; none at all = a server that does not know CPE.
   *
   * @default {@linkcode DEFAULT_EXTENSIONS}
   */
  readonly extensions?: ExtensionSet;
  /**
   * The literal list of ExtEntry packets, for servers that double entries or announce odd versions.
   *
   * @default the entries of `extensions`
   */
  readonly announce?: readonly Announcement[];
  /**
   * Protocol versions that may log in.
   *
   * @default [3, 4, 5, 6, 7]
   */
  readonly protocols?: readonly ProtocolVersion[];
  /**
   * Whether other protocol versions are told so or left waiting.
   *
   * @default "kick"
   */
  readonly onUnsupported?: "kick" | "silent";
  /**
   * Whether the extension list comes before the server's Identification, or after it as cserver does.
   *
   * @default "extinfo-first"
   */
  readonly order?: "extinfo-first" | "identification-first";
  /**
   * Whether the client's answer to CustomBlockSupportLevel is awaited before the server's Identification.
   *
   * @default false
   */
  readonly waitForCustomBlockLevel?: boolean;
  /**
   * Pause in ms before each chunk of the map.
   *
   * @default 0
   */
  readonly mapDelayMs?: number;
  /**
   * What is done about an empty verification key.
   *
   * @default "accept"
   */
  readonly emptyKey?: "accept" | "kick";
  /**
   * Says whether a verification key is right for a name.
   *
   * @default every key is
   */
  readonly verifyKey?: (name: string, key: string) => boolean;
  /**
   * What is done with somebody who has just sent their Identification.
   *
   * @default "accept"
   */
  readonly onLogin?: LoginBehaviour;
  /**
   * Who goes when somebody joins under a name that is already playing.
   *
   * @default "newcomer"
   */
  readonly duplicateName?: "newcomer" | "earlier";
  /**
   * Milliseconds from accept to the end of the login.
   *
   * @default 10_000
   */
  readonly loginTimeoutMs?: number;
  /**
   * Milliseconds between two pings to a player; 0 = never.
   *
   * @default 2500
   */
  readonly pingIntervalMs?: number;
  /**
   * Players at the same time, at most 200.
   *
   * @default 100
   */
  readonly maxPlayers?: number;
  /**
   * Players from one address at the same time; 0 = no limit.
   *
   * @default 0
   */
  readonly maxPlayersPerAddress?: number;
  /**
   * Bytes that may wait to be written to one player; one more closes the connection.
   *
   * @default 1 MiB
   */
  readonly outputLimit?: number;
  /**
   * Whether players are shown something of every extension they have, beside the world itself.
   *
   * @default true
   */
  readonly decorated?: boolean;
  /**
   * Figures that wander about in the world, at most 8.
   *
   * @default 0
   */
  readonly residents?: number;
  /**
   * Numbers from 0 up to 1 that the residents' ways depend on.
   *
   * @default the same ones at each start
   */
  readonly random?: () => number;
  /**
   * Is told what happens.
   *
   * @default nobody is
   */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** What a server offers unless it is told otherwise. */
export const DEFAULT_EXTENSIONS: ExtensionSet = ExtensionSet.of(
  "ClickDistance",
  "CustomBlocks",
  "HeldBlock",
  "ExtPlayerList",
  "EnvColors",
  "BlockPermissions",
  "ChangeModel",
  "EnvWeatherType",
  "MessageTypes",
  "HackControl",
  "PlayerClick",
  "FullCP437",
  "LongerMessages",
  "BlockDefinitions",
  "BlockDefinitionsExt",
  "BulkBlockUpdate",
  "EnvMapAspect",
  "ExtEntityPositions",
  "TwoWayPing",
  "InventoryOrder",
  "InstantMOTD",
  "FastMap",
  "SetHotbar",
  "PluginMessages",
  "NotifyAction",
);

/** {@linkcode ClassicServerOptions} with every default filled in. */
export type Settings = Required<Omit<ClassicServerOptions, "hostname" | "port" | "path">>;

const MAX_PLAYERS = 200;
const MAX_RESIDENTS = 8;

/** Fills in the defaults; throws a `RangeError` for values a server cannot have. */
export function settingsOf({ hostname: _, port: __, path: ___, ...options }: ClassicServerOptions): Settings {
  const extensions = options.extensions ?? DEFAULT_EXTENSIONS;
  const settings: Settings = {
    name: "Demo",
    motd: "Welcome",
    software: "Kurafuto demo",
    world: options.world ?? generateFlat(),
    announce: [...extensions.entries()],
    protocols: [3, 4, 5, 6, 7],
    onUnsupported: "kick",
    order: "extinfo-first",
    waitForCustomBlockLevel: false,
    mapDelayMs: 0,
    emptyKey: "accept",
    verifyKey: () => true,
    onLogin: "accept",
    duplicateName: "newcomer",
    loginTimeoutMs: 10_000,
    pingIntervalMs: 2500,
    maxPlayers: 100,
    maxPlayersPerAddress: 0,
    outputLimit: 1024 * 1024,
    decorated: true,
    residents: 0,
    random: seededRandom(1),
    onEvent: () => {},
    ...options,
    extensions,
  };
  requireAtMost("maxPlayers", settings.maxPlayers, MAX_PLAYERS);
  requireAtMost("residents", settings.residents, MAX_RESIDENTS);
  return settings;
}

function requireAtMost(name: string, value: number, most: number): void {
  if (value > most) {
    throw new RangeError(`Cannot start server as '${name}' must be at most ${most}: current value is ${value}`);
  }
}

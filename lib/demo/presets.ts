/**
 * Options that make a server log players in as well-known software does. The announced lists are those of MCGalaxy 1.9.5.3,
 * cserver, mcchost, classicborne 0.6.0 and the client ClassiCube 1.3.8.
 */
import { ExtensionSet } from "../protocol/extensions.ts";
import type { Announcement, ClassicServerOptions } from "./options.ts";

/** A list of extensions in the order they are announced; a name alone stands for version 1. */
function announcement(list: string): readonly Announcement[] {
  return list.trim().split(/\s+/).map((entry) => {
    const [name = "", version = "1"] = entry.split(":");
    return { name, version: Number(version) };
  });
}

function extensionsOf(announced: readonly Announcement[]): ExtensionSet {
  return announced.reduce((set, { name, version }) => set.with(name, version), ExtensionSet.EMPTY);
}

const MCGALAXY_ANNOUNCES = announcement(`
  EnvMapAppearance ClickDistance CustomBlocks HeldBlock TextHotKey ExtPlayerList:2 EnvColors SelectionCuboid BlockPermissions
  ChangeModel EnvMapAppearance:2 EnvWeatherType HackControl EmoteFix MessageTypes LongerMessages FullCP437 BlockDefinitions
  BlockDefinitionsExt:2 TextColors BulkBlockUpdate EnvMapAspect:2 PlayerClick EntityProperty ExtEntityPositions TwoWayPing
  InventoryOrder InstantMOTD FastMap ExtendedTextures SetHotbar SetSpawnpoint VelocityControl CustomParticles CustomModels:2
  PluginMessages ExtEntityTeleport LightingMode CinematicGui NotifyAction AmpersandSupport
`);

const CSERVER_ANNOUNCES = announcement(`
  LightingMode ExtEntityTeleport PluginMessages CustomModels:2 CustomParticles VelocityControl SetSpawnpoint SetHotbar FastMap
  InventoryOrder TwoWayPing ExtEntityPositions EntityProperty EnvMapAspect TextColors BulkBlockUpdate BlockDefinitionsExt:2
  BlockDefinitions LongerMessages FullCP437 PlayerClick HackControl MessageTypes EnvWeatherType EnvMapAppearance:2 ChangeModel
  BlockPermissions SelectionCuboid EnvColors ExtPlayerList:2 TextHotKey EmoteFix HeldBlock CustomBlocks ClickDistance
`);

const MCCHOST_ANNOUNCES = announcement(`
  EnvMapAppearance ClickDistance CustomBlocks HeldBlock TextHotKey ExtPlayerList:2 EnvColors SelectionCuboid BlockPermissions
  ChangeModel EnvMapAppearance:2 EnvWeatherType HackControl EmoteFix MessageTypes LongerMessages FullCP437 BlockDefinitions
  BlockDefinitionsExt:2 TextColors EnvMapAspect PlayerClick ExtEntityPositions TwoWayPing InventoryOrder InstantMOTD
  ExtendedTextures ExtendedBlocks FastMap SetHotbar SetSpawnpoint VelocityControl CustomParticles CustomModels:2 PluginMessages
  ExtEntityTeleport EvilBastard
`);

const CLASSICBORNE_ANNOUNCES = announcement(`
  ClickDistance BlockDefinitions BlockDefinitionsExt:2 InventoryOrder CustomBlocks EnvMapAspect BlockPermissions HeldBlock
  ExtPlayerList:2 EntityProperty SetHotbar:0 FullCP437 ExtEntityTeleport
`);

/** No extensions: a server or client that does not know CPE. */
export const NONE: ExtensionSet = ExtensionSet.EMPTY;
/** The 40 extensions of MCGalaxy's normal build. */
export const MCGALAXY: ExtensionSet = extensionsOf(MCGALAXY_ANNOUNCES);
/** The 35 extensions of cserver. */
export const CSERVER: ExtensionSet = extensionsOf(CSERVER_ANNOUNCES);
/** The extensions of mcchost, as far as anybody else knows them. */
export const MCCHOST: ExtensionSet = extensionsOf(MCCHOST_ANNOUNCES);
/** The 13 extensions of classicborne. */
export const CLASSICBORNE: ExtensionSet = extensionsOf(CLASSICBORNE_ANNOUNCES);
/** The 41 extensions of the ClassiCube client. */
export const CLASSICUBE: ExtensionSet = ExtensionSet.ALL.without("AmpersandSupport");

/** Lists EnvMapAppearance twice, takes every protocol version and hardly limits how long a login may take. */
export function mcgalaxy(): ClassicServerOptions {
  return { software: "MCGalaxy 1.9.5.3", extensions: MCGALAXY, announce: MCGALAXY_ANNOUNCES, loginTimeoutMs: 60_000 };
}

/** Identifies itself before it lists its extensions, never pings, kicks empty keys and takes four players per address. */
export function cserver(): ClassicServerOptions {
  return {
    software: "CServer/",
    extensions: CSERVER,
    announce: CSERVER_ANNOUNCES,
    protocols: [7],
    onUnsupported: "silent",
    order: "identification-first",
    emptyKey: "kick",
    pingIntervalMs: 0,
    loginTimeoutMs: 3000,
    maxPlayersPerAddress: 4,
  };
}

/** Has ExtendedBlocks, and an extension that nobody else knows. */
export function mcchost(): ClassicServerOptions {
  return {
    software: "MCCHost",
    extensions: MCCHOST,
    announce: MCCHOST_ANNOUNCES,
    protocols: [4, 5, 6, 7],
    loginTimeoutMs: 4000,
  };
}

/** Has few extensions, one of them announced with version 0. */
export function classicborne(): ClassicServerOptions {
  return {
    software: "Classicborne Protocol",
    extensions: CLASSICBORNE,
    announce: CLASSICBORNE_ANNOUNCES,
    protocols: [7],
    pingIntervalMs: 0,
    loginTimeoutMs: 30_000,
  };
}

/** A server from before CPE. */
export function vanilla(): ClassicServerOptions {
  return { name: "Vanilla", motd: "0.30", extensions: NONE };
}

import { type ExtensionName, ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect, ProtocolVersion } from "../../lib/protocol/packet_table.ts";

/** Every protocol version. */
export const PROTOCOLS: readonly ProtocolVersion[] = [3, 4, 5, 6, 7];

/** The extensions that change sizes, each from this version on. */
export const RESIZING: readonly { readonly name: ExtensionName; readonly version: number }[] = [
  { name: "FastMap", version: 1 },
  { name: "ExtendedBlocks", version: 1 },
  { name: "ExtEntityPositions", version: 1 },
  { name: "EnvMapAppearance", version: 2 },
  { name: "ExtendedTextures", version: 1 },
  { name: "BlockDefinitionsExt", version: 2 },
  { name: "EnvMapAspect", version: 2 },
  { name: "CustomModels", version: 2 },
];

/** A dialect without extensions. */
export function plainDialect(protocol: ProtocolVersion): Dialect {
  return { protocol, cpe: false, extensions: ExtensionSet.EMPTY };
}

/** A dialect of protocol 7 with these extensions. */
export function cpeDialect(extensions: ExtensionSet): Dialect {
  return { protocol: 7, cpe: true, extensions };
}

/** All 256 ways to have or lack the resizing extensions, on top of `others`. What is lacking may be there in a lower version. */
export function* resizingSets(others: ExtensionSet): Generator<ExtensionSet> {
  for (let mask = 0; mask < 1 << RESIZING.length; mask++) {
    yield RESIZING.reduce((set, { name, version }, bit) => {
      if ((mask & 1 << bit) !== 0) return set.with(name, version);
      return version > 1 && others.has(name) ? set.with(name, version - 1) : set.without(name);
    }, others);
  }
}

/**
 * The CPE extensions the edge can frame and translate completely, each with the highest version it knows.
 * Versions as in ClassiCube 1.3.8 and MCGalaxy 1.9.5.3; `AmpersandSupport` is announced by MCGalaxy only.
 */
export const EXTENSIONS = [
  { name: "ClickDistance", version: 1 },
  { name: "CustomBlocks", version: 1 },
  { name: "HeldBlock", version: 1 },
  { name: "EmoteFix", version: 1 },
  { name: "TextHotKey", version: 1 },
  { name: "ExtPlayerList", version: 2 },
  { name: "EnvColors", version: 1 },
  { name: "SelectionCuboid", version: 1 },
  { name: "BlockPermissions", version: 1 },
  { name: "ChangeModel", version: 1 },
  { name: "EnvMapAppearance", version: 2 },
  { name: "EnvWeatherType", version: 1 },
  { name: "MessageTypes", version: 1 },
  { name: "HackControl", version: 1 },
  { name: "PlayerClick", version: 1 },
  { name: "FullCP437", version: 1 },
  { name: "LongerMessages", version: 1 },
  { name: "BlockDefinitions", version: 1 },
  { name: "BlockDefinitionsExt", version: 2 },
  { name: "BulkBlockUpdate", version: 1 },
  { name: "TextColors", version: 1 },
  { name: "EnvMapAspect", version: 2 },
  { name: "EntityProperty", version: 2 },
  { name: "ExtEntityPositions", version: 1 },
  { name: "TwoWayPing", version: 1 },
  { name: "InventoryOrder", version: 1 },
  { name: "InstantMOTD", version: 1 },
  { name: "FastMap", version: 1 },
  { name: "SetHotbar", version: 1 },
  { name: "SetSpawnpoint", version: 1 },
  { name: "VelocityControl", version: 1 },
  { name: "CustomParticles", version: 1 },
  { name: "PluginMessages", version: 1 },
  { name: "ExtEntityTeleport", version: 1 },
  { name: "LightingMode", version: 1 },
  { name: "CinematicGui", version: 1 },
  { name: "NotifyAction", version: 1 },
  { name: "ToggleBlockList", version: 1 },
  { name: "CustomModels", version: 2 },
  { name: "ExtendedTextures", version: 1 },
  { name: "ExtendedBlocks", version: 1 },
  { name: "AmpersandSupport", version: 1 },
] as const;

/** Name of an extension the edge knows. */
export type ExtensionName = typeof EXTENSIONS[number]["name"];

const INDEX: ReadonlyMap<string, number> = new Map(EXTENSIONS.map(({ name }, index) => [name, index]));

/** Whether `name` is an extension the edge knows. Names are case-sensitive, as on the wire. */
export function isExtensionName(name: string): name is ExtensionName {
  return INDEX.has(name);
}

/** Collects what is listed entry by entry: a set for each entry would cost more than the rest of a login. */
export class ExtensionList {
  /** By position in {@linkcode EXTENSIONS}. */
  readonly versions = new Uint8Array(EXTENSIONS.length);

  /**
   * Adds or replaces `name`, as one ExtEntry does. Names nobody here knows change nothing. A version above the known one counts as
   * the known one (ClassiCube before 1.3.6 echoes the server's number); below 1 counts as 1 (classicborne announces SetHotbar with
   * version 0 and means that it has it).
   */
  add(name: string, version: number): void {
    enter(this.versions, name, version);
  }
}

function enter(versions: Uint8Array, name: string, version: number): void {
  const index = INDEX.get(name);
  const known = index === undefined ? undefined : EXTENSIONS[index];
  if (index !== undefined && known !== undefined) versions[index] = Math.min(Math.max(version, 1), known.version);
}

/** An immutable set of extensions with the version of each; version 0 stands for "not in the set". */
export class ExtensionSet {
  static readonly EMPTY: ExtensionSet = new ExtensionSet(new Uint8Array(EXTENSIONS.length));
  /** Every extension in its highest known version. */
  static readonly ALL: ExtensionSet = new ExtensionSet(Uint8Array.from(EXTENSIONS, ({ version }) => version));

  readonly #versions: Uint8Array;
  #key: string | undefined;

  private constructor(versions: Uint8Array) {
    this.#versions = versions;
  }

  /** The set of what `list` has listed so far. */
  static listed(list: ExtensionList): ExtensionSet {
    return new ExtensionSet(list.versions.slice());
  }

  /** Equal for equal sets; usable as a map key. */
  get key(): string {
    return this.#key ??= this.#versions.join("");
  }

  get size(): number {
    let count = 0;
    for (const version of this.#versions) if (version > 0) count++;
    return count;
  }

  /** The set of the given names, each in its highest known version. */
  static of(...names: ExtensionName[]): ExtensionSet {
    return names.reduce((set, name) => set.with(name, Number.MAX_SAFE_INTEGER), ExtensionSet.EMPTY);
  }

  /** Version of `name` in this set, 0 where it is absent. */
  version(name: ExtensionName): number {
    return this.#versions[INDEX.get(name) ?? -1] ?? 0;
  }

  has(name: ExtensionName, atLeast = 1): boolean {
    return this.version(name) >= atLeast;
  }

  /** This set with `name` added or replaced, see {@linkcode ExtensionList.add}. */
  with(name: string, version: number): ExtensionSet {
    if (!isExtensionName(name)) return this;
    const versions = this.#versions.slice();
    enter(versions, name, version);
    return new ExtensionSet(versions);
  }

  without(...names: readonly string[]): ExtensionSet {
    return new ExtensionSet(
      this.#versions.map((version, index) => names.includes(EXTENSIONS[index]?.name ?? "") ? 0 : version),
    );
  }

  /** What both sets have, each in the lower of the two versions. */
  intersect(other: ExtensionSet): ExtensionSet {
    return new ExtensionSet(this.#versions.map((version, index) => Math.min(version, other.#versions[index] ?? 0)));
  }

  /** What either set has, each in the higher of the two versions. */
  union(other: ExtensionSet): ExtensionSet {
    return new ExtensionSet(this.#versions.map((version, index) => Math.max(version, other.#versions[index] ?? 0)));
  }

  /** Names and versions in the order of {@linkcode EXTENSIONS}. */
  *entries(): Generator<{ name: ExtensionName; version: number }> {
    for (const [index, { name }] of EXTENSIONS.entries()) {
      const version = this.#versions[index] ?? 0;
      if (version > 0) yield { name, version };
    }
  }
}

/**
 * S: what the edge announces to every client, given what may not be announced and what the backends are known to offer
 * (`undefined` for a backend nobody has asked yet: it may offer anything).
 */
export function announcedSet(
  exclude: readonly string[],
  offers: readonly (ExtensionSet | undefined)[],
): ExtensionSet {
  const offered = offers.reduce<ExtensionSet>(
    (union, offer) => union.union(offer ?? ExtensionSet.ALL),
    ExtensionSet.EMPTY,
  );
  return offerable(ExtensionSet.ALL.intersect(offered).without(...exclude));
}

/**
 * C: what the client and the edge both speak, for the whole session.
 *
 * @param reply What the client listed, with `appName` from its ExtInfo. ClassiCube before 1.3.6 repeats the announced version
 * of EnvMapAspect although it reads only the 65-byte form of version 1.
 */
export function clientSet(announced: ExtensionSet, reply: ExtensionSet, appName: string): ExtensionSet {
  const common = announced.intersect(reply);
  return isClassiCubeBefore(appName, [1, 3, 6]) && common.has("EnvMapAspect") ? common.with("EnvMapAspect", 1) : common;
}

/**
 * A set as it may be announced to either side: ExtendedBlocks goes only together with HeldBlock, because MCGalaxy misreads the
 * 16-bit own id of a client's position without it.
 */
export function offerable(set: ExtensionSet): ExtensionSet {
  return set.has("HeldBlock") ? set : set.without("ExtendedBlocks");
}

function isClassiCubeBefore(appName: string, wanted: readonly number[]): boolean {
  const found = /^ClassiCube (\d+)\.(\d+)(?:\.(\d+))?/.exec(appName);
  if (found === null) return false;
  const version = found.slice(1).map((part) => Number(part ?? 0));
  const differing = wanted.findIndex((part, index) => part !== (version[index] ?? 0));
  return differing >= 0 && (version[differing] ?? 0) < (wanted[differing] ?? 0);
}

import { assert, assertEquals, assertStrictEquals } from "../harness/assert.ts";
import {
  announcedSet,
  clientSet,
  ExtensionList,
  EXTENSIONS,
  ExtensionSet,
  isExtensionName,
  offerable,
} from "../../lib/protocol/extensions.ts";

const NEW_CLIENT = "ClassiCube 1.3.8";

function entries(set: ExtensionSet): string[] {
  return [...set.entries()].map(({ name, version }) => `${name} ${version}`);
}

/** The set that a list of entries makes, taken one after the other. */
function listed(...list: readonly (readonly [name: string, version: number])[]): ExtensionSet {
  return list.reduce((set, [name, version]) => set.with(name, version), ExtensionSet.EMPTY);
}

Deno.test("EXTENSIONS names the 42 extensions, each once", () => {
  assertEquals(new Set(EXTENSIONS.map(({ name }) => name)).size, 42);
  assertEquals(EXTENSIONS.length, 42);
});

Deno.test("EXTENSIONS has version 2 of exactly six extensions and version 1 of the rest", () => {
  const second = EXTENSIONS.filter(({ version }) => version !== 1);
  assertEquals(second.map(({ name, version }) => `${name} ${version}`).sort(), [
    "BlockDefinitionsExt 2",
    "CustomModels 2",
    "EntityProperty 2",
    "EnvMapAppearance 2",
    "EnvMapAspect 2",
    "ExtPlayerList 2",
  ]);
});

Deno.test("isExtensionName() takes known names only, in their own case", () => {
  assertEquals(["FastMap", "fastmap", "FastMap ", "", "Sounds"].map(isExtensionName), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("ExtensionSet.with() adds an extension and leaves the set it was made from alone", () => {
  const one = ExtensionSet.EMPTY.with("FastMap", 1);
  assertEquals(entries(one), ["FastMap 1"]);
  assertEquals(entries(ExtensionSet.EMPTY), []);
});

Deno.test("ExtensionSet.with() ignores names that nobody here knows", () => {
  assertStrictEquals(ExtensionSet.EMPTY.with("Sounds", 1), ExtensionSet.EMPTY);
});

Deno.test("ExtensionSet.with() takes version 0 for version 1", () => {
  assertEquals(listed(["SetHotbar", 0]).version("SetHotbar"), 1);
});

Deno.test("ExtensionSet.with() takes a negative version for version 1", () => {
  assertEquals(listed(["EnvMapAspect", -5]).version("EnvMapAspect"), 1);
});

Deno.test("ExtensionSet.with() lowers a version above the known one", () => {
  assertEquals([
    listed(["FastMap", 7]).version("FastMap"),
    listed(["CustomModels", 0x7fffffff]).version("CustomModels"),
  ], [1, 2]);
});

Deno.test("ExtensionSet.with() lets the last of doubled entries win", () => {
  assertEquals(listed(["EnvMapAppearance", 1], ["EnvMapAppearance", 2]).version("EnvMapAppearance"), 2);
  assertEquals(listed(["EnvMapAppearance", 2], ["EnvMapAppearance", 1]).version("EnvMapAppearance"), 1);
});

Deno.test("ExtensionSet.listed() is what was listed so far, and stays so", () => {
  const list = new ExtensionList();
  list.add("Sounds", 1);
  list.add("SetHotbar", 0);
  list.add("EnvMapAppearance", 2);
  list.add("EnvMapAppearance", 1);
  const set = ExtensionSet.listed(list);
  list.add("FastMap", 1);
  assertEquals(entries(set), ["EnvMapAppearance 1", "SetHotbar 1"]);
});

Deno.test("ExtensionSet counts doubled entries once", () => {
  assertEquals(listed(["EnvMapAppearance", 1], ["EnvMapAppearance", 2], ["FastMap", 1]).size, 2);
});

Deno.test("ExtensionSet.of() has each name in its highest known version", () => {
  assertEquals(entries(ExtensionSet.of("CustomModels", "FastMap")), ["FastMap 1", "CustomModels 2"]);
});

Deno.test("ExtensionSet.has() compares with the version asked for", () => {
  const set = listed(["EnvMapAspect", 1]);
  assertEquals([set.has("EnvMapAspect"), set.has("EnvMapAspect", 2), set.has("FastMap")], [true, false, false]);
});

Deno.test("ExtensionSet.version() is 0 for what is not in the set", () => {
  assertEquals([ExtensionSet.EMPTY.version("FastMap"), ExtensionSet.ALL.version("FastMap")], [0, 1]);
});

Deno.test("ExtensionSet.without() removes names and ignores unknown ones", () => {
  const set = ExtensionSet.of("FastMap", "EnvColors", "SetHotbar").without("EnvColors", "Sounds");
  assertEquals(entries(set), ["FastMap 1", "SetHotbar 1"]);
});

Deno.test("ExtensionSet.intersect() keeps the lower version of what both have", () => {
  const ours = listed(["EnvMapAspect", 2], ["CustomModels", 1], ["FastMap", 1]);
  const theirs = listed(["EnvMapAspect", 1], ["CustomModels", 2], ["EnvColors", 1]);
  assertEquals(entries(ours.intersect(theirs)), ["EnvMapAspect 1", "CustomModels 1"]);
  assertEquals(ours.intersect(theirs).key, theirs.intersect(ours).key);
});

Deno.test("ExtensionSet.union() keeps the higher version of what either has", () => {
  const ours = listed(["EnvMapAspect", 2], ["FastMap", 1]);
  const theirs = listed(["EnvMapAspect", 1], ["EnvColors", 1]);
  assertEquals(entries(ours.union(theirs)), ["EnvColors 1", "EnvMapAspect 2", "FastMap 1"]);
});

Deno.test("ExtensionSet.key is equal for equal sets and differs by version", () => {
  assertEquals(listed(["FastMap", 1], ["EnvColors", 1]).key, listed(["EnvColors", 1], ["FastMap", 9]).key);
  assert(listed(["EnvMapAspect", 1]).key !== listed(["EnvMapAspect", 2]).key);
  assert(ExtensionSet.EMPTY.key !== listed(["FastMap", 1]).key);
});

Deno.test("ExtensionSet.ALL has everything and ExtensionSet.EMPTY nothing", () => {
  assertEquals([ExtensionSet.ALL.size, ExtensionSet.EMPTY.size], [42, 0]);
  assertEquals(entries(ExtensionSet.ALL), EXTENSIONS.map(({ name, version }) => `${name} ${version}`));
});

Deno.test("announcedSet() is everything while a backend has not been asked", () => {
  assertEquals(announcedSet([], [ExtensionSet.of("FastMap"), undefined]).key, ExtensionSet.ALL.key);
});

Deno.test("announcedSet() is what at least one backend offers", () => {
  const offers = [listed(["EnvMapAspect", 1]), listed(["EnvMapAspect", 2], ["FastMap", 1])];
  assertEquals(entries(announcedSet([], offers)), ["EnvMapAspect 2", "FastMap 1"]);
});

Deno.test("announcedSet() never has what is excluded", () => {
  const set = announcedSet(["FastMap", "Sounds"], [undefined]);
  assertEquals([set.has("FastMap"), set.size], [false, 41]);
});

Deno.test("announcedSet() gives up ExtendedBlocks with HeldBlock", () => {
  const set = announcedSet(["HeldBlock"], [undefined]);
  assertEquals([set.has("ExtendedBlocks"), set.size], [false, 40]);
});

Deno.test("announcedSet() of backends without any extension is empty", () => {
  assertEquals(announcedSet([], [ExtensionSet.EMPTY]).size, 0);
});

Deno.test("clientSet() is what was announced and listed, in the lower version", () => {
  const announced = listed(["EnvMapAspect", 2], ["CustomModels", 1], ["FastMap", 1]);
  const reply = listed(["EnvMapAspect", 2], ["CustomModels", 2], ["EnvColors", 1]);
  assertEquals(entries(clientSet(announced, reply, NEW_CLIENT)), ["EnvMapAspect 2", "CustomModels 1"]);
});

Deno.test("clientSet() believes in EnvMapAspect 2 from ClassiCube 1.3.6 on", () => {
  const version = (appName: string): number =>
    clientSet(ExtensionSet.ALL, ExtensionSet.ALL, appName).version("EnvMapAspect");
  const old = ["ClassiCube 1.3.5", "ClassiCube 1.3", "ClassiCube 1.2.9", "ClassiCube 0.99.9", "ClassiCube 1.3.5 + web"];
  const recent = [
    "ClassiCube 1.3.6",
    "ClassiCube 1.3.10",
    "ClassiCube 1.4",
    "ClassiCube 2.0.0",
    "ClassiCube 1.3.6 + x",
  ];
  assertEquals(old.map(version), old.map(() => 1));
  assertEquals(recent.map(version), recent.map(() => 2));
});

Deno.test("clientSet() knows nothing against clients of other names", () => {
  const names = ["", "Someone's client 1.0.0", "classicube 1.3.5", "My ClassiCube 1.3.5", "ClassiCube"];
  const versions = names.map((name) => clientSet(ExtensionSet.ALL, ExtensionSet.ALL, name).version("EnvMapAspect"));
  assertEquals(versions, names.map(() => 2));
});

Deno.test("clientSet() gives an old client nothing that it did not list", () => {
  const reply = ExtensionSet.ALL.without("EnvMapAspect");
  assertEquals(clientSet(ExtensionSet.ALL, reply, "ClassiCube 1.3.5").version("EnvMapAspect"), 0);
});

Deno.test("offerable() drops ExtendedBlocks where HeldBlock is missing and changes nothing else", () => {
  assertEquals(entries(offerable(ExtensionSet.of("ExtendedBlocks", "FastMap"))), ["FastMap 1"]);
  const both = ExtensionSet.of("ExtendedBlocks", "HeldBlock");
  assertEquals(offerable(both).key, both.key);
});

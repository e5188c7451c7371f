import { CLASSICBORNE, CLASSICUBE, CSERVER, MCCHOST, MCGALAXY, NONE } from "../../lib/demo/presets.ts";
import { EXTENSIONS, ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Leftovers } from "../../lib/protocol/leftovers.ts";
import { isLegal, packetById, packetNamed, PACKETS } from "../../lib/protocol/packet_table.ts";
import { assert, assertEquals, assertNotEquals } from "../harness/assert.ts";
import { definition, model, POSITION, selection, tabEntry } from "../harness/client/fed_client.ts";
import { cpeDialect, plainDialect, PROTOCOLS } from "./dialects.ts";
import { legalPackets, type Step, step, trackAll, TrackedClient, undone } from "./tracked_client.ts";

const SETS: Readonly<Record<string, ExtensionSet>> = {
  CLASSICUBE,
  "CLASSICUBE with narrow blocks": CLASSICUBE.without("ExtendedBlocks"),
  "CLASSICUBE without EnvMapAspect": CLASSICUBE.without("EnvMapAspect"),
  MCGALAXY,
  MCCHOST,
  CSERVER,
  CLASSICBORNE,
  NONE,
};

const NO_TEXT = { label: "", action: "" };
const NO_TEXTURES = { textureUrl: "", sideBlock: 7, edgeBlock: 8, sideLevel: 0, cloudsHeight: 0, maxViewDistance: 0 };
const NO_CINEMATIC = {
  hideCrosshair: 0,
  hideHand: 0,
  hideHotbar: 0,
  red: 0,
  green: 0,
  blue: 0,
  opacity: 0,
  barSize: 0,
};
const NO_COLOUR = { red: 0, green: 0, blue: 0, alpha: 0 };
const ALL_HACKS = { fly: 1, noclip: 1, speed: 1, spawnControl: 1, thirdPerson: 1, jumpHeight: -1 };
const FRESH_HOTBAR = [1, 4, 45, 3, 5, 17, 18, 20, 44].map((block, slot) => step("SetHotbar", { block, slot }));

const spawn = (playerId: number): Step => step("SpawnPlayer", { playerId, playerName: "Alex", ...POSITION });
const spawn2 = (entityId: number): Step =>
  step("ExtAddEntity2", { entityId, inGameName: "Alex", skinName: "Alex", ...POSITION });
const despawn = (playerId: number): Step => step("DespawnPlayer", { playerId });
const order = (block: number, slot: number): Step => step("SetInventoryOrder", { block, order: slot });
const permit = (block: number, allowPlace: number, allowDelete: number): Step =>
  step("SetBlockPermission", { block, allowPlace, allowDelete });
const property = (number: number, value: number, entityId = 255): Step =>
  step("SetEntityProperty", { entityId, property: number, value });
const ownModel = (name: string, entityId = 255): Step => step("ChangeModel", { entityId, model: name });
const message = (type: number, text: string): Step => step("Message", { type, message: text });
const textures = (url: string, urlPart2 = ""): Step => step("SetMapEnvUrl", { url, urlPart2 });
const hotkey = (keyCode: number, keyMods: number, action: string): Step =>
  step("SetTextHotKey", { ...NO_TEXT, action, keyCode, keyMods });
const colour = (code: string, rgba: number): Step =>
  step("SetTextColor", {
    red: rgba >>> 24,
    green: rgba >> 16,
    blue: rgba >> 8,
    alpha: rgba,
    code: code.charCodeAt(0),
  });
const definitionExt = (block: number): Step => {
  const bounds = { minX: 0, minY: 0, minZ: 0, maxX: 16, maxY: 16, maxZ: 16 };
  return step("DefineBlockExt", { ...definition(block), ...bounds });
};

/** What a backend does to a client, and what undoes it. */
interface Case {
  readonly what: string;
  /** Extensions that the case is written for. @default CLASSICUBE */
  readonly extensions?: ExtensionSet;
  readonly does: readonly Step[];
  readonly undo: readonly Step[];
}

const WIDE: readonly Case[] = [
  {
    what: "blocks with ids of 10 bits",
    does: [step("DefineBlock", definition(300)), definitionExt(767), step("DefineBlock", definition(768 + 5))],
    undo: [5, 300, 767].map((block) => step("RemoveBlockDefinition", { block })),
  },
  {
    what: "a block in the inventory that has no slot by default",
    does: [order(300, 7), order(5, 300)],
    undo: [order(5, 5), order(7, 7), order(300, 0)],
  },
  {
    what: "permissions of blocks with ids of 10 bits",
    does: [permit(300, 0, 1), permit(768 + 8, 1, 1), permit(767, 1, 1)],
    undo: [permit(8, 0, 0), permit(300, 1, 1)],
  },
  {
    what: "blocks with ids of 10 bits in the hotbar",
    does: [step("SetHotbar", { block: 300, slot: 2 }), step("SetHotbar", { block: 768 + 4, slot: 1 })],
    undo: [step("SetHotbar", { block: 45, slot: 2 })],
  },
];

const CASES: readonly Case[] = [
  {
    what: "entities",
    does: [spawn2(3), step("ExtAddEntity", { entityId: 200, inGameName: "a", skinName: "" }), spawn2(9), despawn(9)],
    undo: [despawn(3), despawn(200)],
  },
  { what: "entities with a tab entry of their own", does: [spawn(1), spawn(254)], undo: [despawn(1), despawn(254)] },
  {
    what: "entries of the tab list",
    does: [0x101, 7, 255, 8].map((id) => step("ExtAddPlayerName", tabEntry(id))).concat(
      step("ExtRemovePlayerName", { nameId: 0x207 }),
    ),
    undo: [1, 8, 255].map((nameId) => step("ExtRemovePlayerName", { nameId })),
  },
  {
    what: "an entity whose tab entry was sent apart",
    does: [spawn(4), step("ExtAddPlayerName", tabEntry(4))],
    undo: [despawn(4), step("ExtRemovePlayerName", { nameId: 4 })],
  },
  {
    what: "the own entry of the tab list from the own spawn",
    does: [spawn(255)],
    undo: [step("ExtRemovePlayerName", { nameId: 255 })],
  },
  { what: "the own spawn", does: [spawn2(255)], undo: [] },
  {
    what: "custom blocks",
    does: [
      step("DefineBlock", definition(200)),
      definitionExt(5),
      step("DefineBlock", definition(201)),
      step("RemoveBlockDefinition", { block: 201 }),
    ],
    undo: [step("RemoveBlockDefinition", { block: 5 }), step("RemoveBlockDefinition", { block: 200 })],
  },
  {
    what: "the default order of the inventory",
    does: [
      step("DefineBlock", definition(200)),
      ...Array.from({ length: 66 }, (_, block) => order(block, block)),
      order(200, 200),
      order(201, 0),
    ],
    undo: [step("RemoveBlockDefinition", { block: 200 })],
  },
  {
    what: "swapped blocks in the inventory",
    does: [order(5, 9), order(9, 5)],
    undo: [order(5, 5), order(9, 9)],
  },
  {
    what: "a block that was moved away and back over another",
    does: [order(5, 9), order(5, 5)],
    undo: [order(5, 5), order(9, 9)],
  },
  { what: "a hidden block", does: [order(20, 0)], undo: [order(20, 20)] },
  { what: "an emptied slot", does: [order(0, 20)], undo: [order(20, 20)] },
  {
    what: "a moved block that is defined over",
    does: [order(200, 7), step("DefineBlock", definition(200)), step("DefineBlock", definition(7))],
    undo: [
      step("RemoveBlockDefinition", { block: 7 }),
      step("RemoveBlockDefinition", { block: 200 }),
      order(7, 7),
      order(200, 0),
    ],
  },
  {
    what: "the hotbar",
    does: [
      step("SetHotbar", { block: 9, slot: 3 }),
      step("SetHotbar", { block: 9, slot: 4 }),
      step("SetHotbar", { block: 5, slot: 4 }),
      step("SetHotbar", { block: 1, slot: 9 }),
    ],
    undo: [step("SetHotbar", { block: 3, slot: 3 })],
  },
  { what: "a held block", does: [step("HoldThis", { block: 45, preventChange: 0 })], undo: FRESH_HOTBAR },
  {
    what: "a locked hand",
    does: [step("HoldThis", { block: 9, preventChange: 1 }), ...FRESH_HOTBAR],
    undo: [step("HoldThis", { block: 1, preventChange: 0 }), ...FRESH_HOTBAR],
  },
  {
    what: "a hand that was locked",
    does: [step("HoldThis", { block: 9, preventChange: 1 }), step("HoldThis", { block: 9, preventChange: 0 })],
    undo: FRESH_HOTBAR,
  },
  {
    what: "block permissions",
    does: [
      ...[0, 7].map((block) => permit(block, 0, 1)),
      ...[8, 9, 10].map((block) => permit(block, 0, 0)),
      permit(1, 1, 1),
      permit(11, 1, 0),
      permit(7, 1, 1),
      permit(2, 1, 0),
      permit(3, 0, 0),
      permit(3, 1, 7),
    ],
    undo: [permit(2, 1, 1), permit(7, 0, 1), permit(11, 0, 0)],
  },
  {
    what: "the click distance",
    does: [step("SetClickDistance", { distance: 0 })],
    undo: [step("SetClickDistance", { distance: 160 })],
  },
  {
    what: "a click distance that is the default one",
    does: [step("SetClickDistance", { distance: 7 }), step("SetClickDistance", { distance: 160 })],
    undo: [],
  },
  {
    what: "what HackControl forbids",
    does: [step("HackControl", { ...ALL_HACKS, fly: 0 })],
    undo: [step("HackControl", ALL_HACKS)],
  },
  {
    what: "the jump height",
    does: [step("HackControl", { ...ALL_HACKS, jumpHeight: 64 })],
    undo: [step("HackControl", ALL_HACKS)],
  },
  { what: "a HackControl that allows everything", does: [step("HackControl", ALL_HACKS)], undo: [] },
  {
    what: "hotkeys",
    does: [
      hotkey(30, 0, "/spawn"),
      hotkey(30, 5, "/home"),
      hotkey(31, 0, "/back"),
      hotkey(31, 0, ""),
      hotkey(256, 0, "/no"),
      hotkey(-1, 0, "/no"),
    ],
    undo: [hotkey(30, 0, ""), hotkey(30, 5, "")],
  },
  {
    what: "text colours",
    does: [
      ..."0:000000ff 1:0000bfff 2:00bf00ff 3:00bfbfff 4:bf0000ff 5:bf00bfff 6:bfbf00ff 7:bfbfbfff 8:404040ff 9:4040ffff"
        .split(" "),
      ..."a:40ff40ff B:40ffffff C:ff4040ff d:ff40ffff e:ffff40ff F:ffffffff".split(" "),
      ..."c:12345678 C:ff404000 x:102030ff X:10203000 y:ffffffff %:ffffffff &:ffffffff".split(" "),
    ].map((text) => colour(text[0] ?? "", Number.parseInt(text.slice(2), 16))).concat(colour("y", 0)),
    undo: [
      step("SetTextColor", { red: 0xff, green: 0x40, blue: 0x40, alpha: 255, code: 0x43 }),
      step("SetTextColor", { red: 0xff, green: 0x40, blue: 0x40, alpha: 255, code: 0x63 }),
      step("SetTextColor", { ...NO_COLOUR, code: 0x78 }),
    ],
  },
  { what: "textures", does: [textures("http://a.example/")], undo: [textures("")] },
  {
    what: "textures whose address is in the second part",
    does: [textures("", "http://a.example/")],
    undo: [textures("")],
  },
  { what: "textures that were taken back", does: [textures("http://a.example/"), textures("")], undo: [] },
  {
    what: "the view distance",
    does: [step("SetMapEnvProperty", { property: 4, value: 64 })],
    undo: [step("SetMapEnvProperty", { property: 4, value: 0 })],
  },
  {
    what: "view distances that are none",
    does: [
      step("SetMapEnvProperty", { property: 4, value: 64 }),
      step("SetMapEnvProperty", { property: 4, value: -1 }),
      step("SetMapEnvProperty", { property: 3, value: 64 }),
    ],
    undo: [],
  },
  {
    what: "textures and view distance from EnvMapAppearance",
    does: [
      step("EnvSetMapAppearance", { ...NO_TEXTURES, textureUrl: "https://a.example/", maxViewDistance: 32 }),
    ],
    undo: [textures(""), step("SetMapEnvProperty", { property: 4, value: 0 })],
  },
  {
    what: "textures of clients without EnvMapAspect",
    extensions: CLASSICUBE.without("EnvMapAspect"),
    does: [step("EnvSetMapAppearance", { ...NO_TEXTURES, textureUrl: "https://a.example/" })],
    undo: [step("EnvSetMapAppearance", NO_TEXTURES)],
  },
  {
    what: "view distance of clients without EnvMapAspect",
    extensions: CLASSICUBE.without("EnvMapAspect"),
    does: [step("EnvSetMapAppearance", { ...NO_TEXTURES, maxViewDistance: 32 })],
    undo: [step("EnvSetMapAppearance", NO_TEXTURES)],
  },
  {
    what: "an EnvMapAppearance that sets nothing",
    does: [step("EnvSetMapAppearance", { ...NO_TEXTURES, maxViewDistance: -1 })],
    undo: [],
  },
  {
    what: "selections",
    does: [2, 255, 3].map((id) => step("MakeSelection", selection(id))).concat(
      step("RemoveSelection", { selectionId: 3 }),
    ),
    undo: [step("RemoveSelection", { selectionId: 2 }), step("RemoveSelection", { selectionId: 255 })],
  },
  {
    what: "the own model",
    does: [property(3, 2000), ownModel("chicken"), property(4, 2000)],
    undo: [ownModel("humanoid")],
  },
  {
    what: "models that are none, and models of others",
    does: [
      spawn2(1),
      despawn(1),
      ownModel("pig"),
      ownModel(""),
      ownModel("pig"),
      ownModel("humanoid"),
      ownModel("pig", 1),
    ],
    undo: [],
  },
  {
    what: "the own scales",
    does: [property(3, 2000), property(4, 500), property(5, 1000)],
    undo: [property(3, 1000), property(4, 1000)],
  },
  { what: "scales that a model reset", does: [property(3, 2000), ownModel("")], undo: [] },
  {
    what: "the own rotations and push strength",
    does: [property(0, 90), property(1, 90), property(2, -90), property(6, 0), property(7, 5)],
    undo: [property(0, 0), property(2, 0), property(6, 1000)],
  },
  {
    what: "properties of others",
    does: [spawn2(1), property(0, 90, 1), despawn(1)],
    undo: [],
  },
  {
    what: "the lighting mode",
    does: [step("LightingMode", { mode: 2, locked: 1 })],
    undo: [step("LightingMode", { mode: 0, locked: 0 })],
  },
  {
    what: "cinematic bars",
    does: [step("CinematicGui", { ...NO_CINEMATIC, barSize: 1 })],
    undo: [step("CinematicGui", NO_CINEMATIC)],
  },
  {
    what: "custom models",
    does: [
      ...[0, 63, 64, 5].map((id) => step("DefineModel", model(id))),
      step("UndefineModel", { modelId: 5 }),
    ],
    undo: [step("UndefineModel", { modelId: 0 }), step("UndefineModel", { modelId: 63 })],
  },
  {
    what: "an open block list",
    does: [step("ToggleBlockList", { toggle: 0 })],
    undo: [step("ToggleBlockList", { toggle: 1 })],
  },
  {
    what: "status lines and announcements",
    does: [0, 1, 2, 3, 11, 12, 13, 100, 101, 102].map((type) => message(type, "text")).concat(message(12, "")),
    undo: [1, 2, 3, 11, 13, 100, 101, 102].map((type) => message(type, "")),
  },
  {
    what: "a status line of WoM",
    does: [message(0, "^Detail.USER=compass"), message(1, "^detail.user.joined"), message(3, "^detail.user")],
    undo: [message(3, "")],
  },
  { what: "a status line of WoM that was emptied", does: [message(3, "a"), message(0, "^detail.user=")], undo: [] },
  {
    what: "a status line of WoM without MessageTypes",
    extensions: NONE,
    does: [
      message(0, "^detail.user=compass"),
      message(3, "chat"),
      message(255, "^detail.user="),
      message(0, "^detail"),
    ],
    undo: [message(0, "^detail.user=")],
  },
  {
    what: "chat without MessageTypes",
    extensions: NONE,
    does: [message(1, "text"), message(255, "^detail.user=text")],
    undo: [],
  },
];

for (const { what, extensions = CLASSICUBE, does, undo } of [...CASES, ...WIDE]) {
  Deno.test(`Leftovers undo ${what}`, () => {
    const client = new TrackedClient(extensions).take(...does);
    const expected = undo.map(({ encode }) => encode(client.dialect));
    assertEquals(legalPackets(client.undo(), client.dialect), expected);
  });
}

for (const [set, extensions] of Object.entries(SETS)) {
  Deno.test(`a client with ${set} is as fresh after each kind of leftovers is undone`, () => {
    const fresh = new TrackedClient(extensions).enterMap().arrive();
    for (const { what, does } of extensions.has("ExtendedBlocks") ? [...CASES, ...WIDE] : CASES) {
      const client = new TrackedClient(extensions).enterMap();
      client.take(...does.filter(({ name }) => isLegal(packetNamed(name), client.dialect)));
      client.undo();
      assertEquals(client.arrive(), fresh, what);
    }
  });
}

/** Cases whose state a new map resets, fades, or is chat only. */
const GONE_BY_ITSELF = ["entities", "entities with a tab entry of their own", "selections", "what HackControl forbids"];

Deno.test("leftovers that are not undone show in a client's next world", () => {
  const fresh = new TrackedClient(CLASSICUBE).enterMap().arrive();
  for (const { what, extensions, does, undo } of [...CASES, ...WIDE]) {
    if (extensions !== undefined || undo.length === 0 || GONE_BY_ITSELF.includes(what)) continue;
    assertNotEquals(new TrackedClient(CLASSICUBE).enterMap().take(...does).arrive(), fresh, what);
  }
});

Deno.test("entities and selections are undone before the new map, for clients that keep them", () => {
  const client = new TrackedClient(CLASSICUBE).enterMap();
  const before = client.snapshot();
  client.take(spawn(1), step("MakeSelection", selection(1)), spawn2(2)).undo();
  assertEquals(client.snapshot(), before);
});

Deno.test("entities of a map before count until they are despawned", () => {
  const client = new TrackedClient(CLASSICUBE).take(spawn2(1)).enterMap().take(spawn2(2));
  assertEquals(client.undo(), Uint8Array.of(0x0c, 1, 0x0c, 2));
});

for (const protocol of PROTOCOLS) {
  Deno.test(`clients of protocol ${protocol} without CPE lose the entities they take for others`, () => {
    const dialect = plainDialect(protocol);
    const leftovers = new Leftovers(dialect);
    for (const id of [5, 127, 128, 200, 255, 1]) trackAll(leftovers, spawn(id).encode(dialect), dialect);
    trackAll(leftovers, despawn(1).encode(dialect), dialect);
    trackAll(leftovers, message(200, "text").encode(dialect), dialect);
    assertEquals(undone(leftovers), Uint8Array.of(0x0c, 5, 0x0c, 127));
  });
}

Deno.test("players without CPE are told no more than that", () => {
  const dialect = plainDialect(7);
  const legal = PACKETS.filter((packet) => packet.direction !== "c2s" && isLegal(packet, dialect));
  const leftovers = new Leftovers(dialect);
  const names = legal.filter(({ id }) => leftovers.concerns[id] !== 0).map(({ name }) => name);
  assertEquals(names, ["SpawnPlayer", "DespawnPlayer", "Message"]);
});

Deno.test("concerns are legal in the dialect and shared by clients of equal dialects", () => {
  for (const extensions of Object.values(SETS)) {
    const dialect = cpeDialect(extensions);
    const { concerns } = new Leftovers(dialect);
    for (const [id, concern] of concerns.entries()) {
      const packet = packetById("s2c", id);
      if (concern !== 0) assert(packet !== undefined && isLegal(packet, dialect), `packet ${id}`);
    }
    assert(new Leftovers({ ...dialect }).concerns === concerns);
  }
});

Deno.test("concerns leave out what passes all the time and what a new map resets", () => {
  const { concerns } = new Leftovers(cpeDialect(CLASSICUBE));
  for (
    const name of [
      "Ping",
      "LevelDataChunk",
      "SetBlock",
      "PlayerTeleport",
      "PositionUpdate",
      "BulkBlockUpdate",
      "TwoWayPing",
      "EnvSetColor",
      "EnvSetWeatherType",
      "VelocityControl",
      "DefineModelPart",
      "ExtEntityTeleport",
    ] as const
  ) {
    assertEquals(concerns[packetNamed(name).id], 0, name);
  }
});

Deno.test("nothing is undone where nothing was done, nor a second time", () => {
  for (const extensions of Object.values(SETS)) {
    const client = new TrackedClient(extensions);
    assertEquals(client.undo().length, 0);
    client.take(...CASES.flatMap(({ does }) => does).filter(({ name }) => isLegal(packetNamed(name), client.dialect)));
    assert(client.undo().length > 0);
    assertEquals(client.undo().length, 0);
  }
});

Deno.test("the packets that undo leave nothing to undo", () => {
  for (const extensions of Object.values(SETS)) {
    const client = new TrackedClient(extensions);
    client.take(...CASES.flatMap(({ does }) => does).filter(({ name }) => isLegal(packetNamed(name), client.dialect)));
    client.takeBytes(client.undo());
    assertEquals(client.undo().length, 0);
  }
});

Deno.test("entities are despawned first and the hand is freed before its hotbar", () => {
  const client = new TrackedClient(CLASSICUBE);
  client.take(...CASES.toReversed().flatMap(({ does }) => does), step("HoldThis", { block: 9, preventChange: 1 }));
  const names = legalPackets(client.undo(), client.dialect).map(([id = 0]) => packetById("s2c", id)?.name ?? "");
  assertEquals(names.lastIndexOf("DespawnPlayer") + 1, names.filter((name) => name === "DespawnPlayer").length);
  assert(names.lastIndexOf("HoldThis") < names.indexOf("SetHotbar"));
  assert(names.lastIndexOf("RemoveBlockDefinition") < names.indexOf("SetInventoryOrder"));
});

Deno.test("leftovers are bounded whatever a backend does", () => {
  const client = new TrackedClient(CLASSICUBE);
  for (let key = 0; key < 0x10000; key++) client.take(hotkey(key >> 8, key & 0xff, "/spawn"));
  for (let block = 0; block < 0x10000; block += 7) {
    client.take(step("DefineBlock", definition(block)), order(block, block + 1), permit(block, 0, 0));
  }
  const counts = new Map<number, number>();
  for (const [id = 0] of legalPackets(client.undo(), client.dialect)) counts.set(id, (counts.get(id) ?? 0) + 1);
  assertEquals(Object.fromEntries(counts), { 0x15: 256, 0x24: 768, 0x2c: 767, 0x1c: 764 });
});

Deno.test("single extensions never make an illegal packet", () => {
  for (const { name, version } of EXTENSIONS) {
    for (let level = 1; level <= version; level++) {
      const client = new TrackedClient(ExtensionSet.EMPTY.with(name, level));
      client.take(
        ...CASES.flatMap(({ does }) => does).filter(({ name }) => isLegal(packetNamed(name), client.dialect)),
      );
      client.undo();
    }
  }
});

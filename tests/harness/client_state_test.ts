import { assert, assertEquals, assertNotEquals } from "./assert.ts";
import { CLASSICUBE } from "./client/extensions.ts";
import { ClientState } from "./client_state.ts";
import { worldPackets } from "./login_script.ts";
import { splitPackets } from "./reference_splitter.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import {
  type Dialect,
  legalSizes,
  type Packet,
  packetById,
  type PacketName,
  PACKETS,
} from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput, readPacket } from "../../lib/protocol/packets.ts";

const POSITION = { x: 1, y: 2, z: 3, yaw: 4, pitch: 5 };
const SIZE = { x: 4, y: 4, z: 4 };
const ZEROS = new Uint8Array(1346);

/** A state that is fed packets without a network. */
class Client {
  readonly violations: string[] = [];
  readonly state: ClientState;
  readonly #dialect: Dialect;

  constructor(extensions: ExtensionSet = CLASSICUBE) {
    this.#dialect = { protocol: 7, cpe: true, extensions };
    this.state = new ClientState({
      username: "Steve",
      extensions,
      wideBlocks: extensions.has("ExtendedBlocks"),
      violation: (what) => this.violations.push(what),
    });
  }

  take<N extends PacketName>(name: N, packet: PacketInput<N>): this {
    return this.takeBytes(encodePacket(name, this.#dialect, packet));
  }

  /** A new map of stone. */
  enterMap(): this {
    return this.takeBytes(worldPackets(this.#dialect, { size: SIZE }));
  }

  takeBytes(bytes: Uint8Array): this {
    const sizes = legalSizes("s2c", this.#dialect);
    for (const { start } of splitPackets(bytes, (id) => sizes[id] ?? 0).packets) {
      // Every packet of the table has a name of the table.
      const name = packetById("s2c", bytes[start] ?? 0)?.name as PacketName;
      this.state.apply(name, readPacket(name, this.#dialect, bytes, start));
    }
    return this;
  }
}

/** Packets that leave nothing behind that lasts, and why. */
const WITHOUT_TRACE: Partial<Record<PacketName, string>> = {
  Ping: "means nothing",
  LevelDataChunk: "takes effect with LevelFinalize",
  LevelFinalize: "takes effect behind a LevelInitialize",
  ExtInfo: "negotiation",
  ExtEntry: "negotiation",
  CustomBlockSupportLevel: "negotiation",
  SetBlock: "changes a map only",
  BulkBlockUpdate: "changes a map only",
  DisconnectPlayer: "ends everything",
  TwoWayPing: "is answered",
  VelocityControl: "is over in a moment",
  SpawnEffect: "is over in a moment",
  DefineEffect: "cannot be undone by any packet",
  PluginMessage: "is for plugins",
  DefineModelPart: "needs a model",
};

for (const packet of PACKETS as readonly Packet[]) {
  // Every packet of the table has a name of the table.
  const name = packet.name as PacketName;
  if (packet.direction === "c2s" || WITHOUT_TRACE[name] !== undefined) continue;

  Deno.test(`ClientState.snapshot() shows what ${name} changed`, () => {
    const changes = [0, 1, 2, 0x41].map((byte) => {
      const client = new Client();
      client.enterMap().take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION });
      client.take("EnvSetWeatherType", { weather: 1 }).take("MakeSelection", selection(2)).take("ToggleBlockList", {
        toggle: 1,
      });
      client.take("DefineBlock", definition(1)).take("ExtAddPlayerName", tabEntry(1)).take("DefineModel", model(1));
      const before = client.state.snapshot();
      const fields = packet.fields.map((
        field,
      ) => [field.name, field.type === "text" ? "text" : field.type === "bytes" ? ZEROS : byte]);
      // The values were made by the packet's own fields, which their type cannot say.
      client.take(name, Object.fromEntries(fields) as unknown as PacketInput<PacketName>);
      return JSON.stringify(before) !== JSON.stringify(client.state.snapshot());
    });
    assert(changes.includes(true));
  });
}

function selection(selectionId: number): PacketInput<"MakeSelection"> {
  const box = { x1: 0, y1: 0, z1: 0, x2: 1, y2: 1, z2: 1 };
  return { selectionId, label: "", ...box, red: 1, green: 2, blue: 3, opacity: 4 };
}

function definition(block: number): PacketInput<"DefineBlock"> {
  const look = { transmitsLight: 0, walkSound: 0, fullBright: 0, shape: 16, blockDraw: 0 };
  const fog = { fogDensity: 0, fogRed: 0, fogGreen: 0, fogBlue: 0 };
  return {
    block,
    name: "Glow",
    solidity: 2,
    speed: 128,
    topTexture: 1,
    sideTexture: 1,
    bottomTexture: 1,
    ...look,
    ...fog,
  };
}

function tabEntry(nameId: number): PacketInput<"ExtAddPlayerName"> {
  return { nameId, playerName: "Alex+", listName: "&aAlex", groupName: "Guests", groupRank: 3 };
}

function model(modelId: number): PacketInput<"DefineModel"> {
  const bounds = { collision: ZEROS, pickMin: ZEROS, pickMax: ZEROS };
  return { modelId, name: "cube", flags: 0, nameY: 1, eyeY: 1, ...bounds, uScale: 1, vScale: 1, partCount: 1 };
}

Deno.test("ClientState.snapshot() is equal for two clients that saw the same", () => {
  const see = (client: Client): Client =>
    client.enterMap().take("SetHotbar", { block: 9, slot: 3 }).take("HoldThis", { block: 5, preventChange: 1 });
  assertEquals(see(new Client()).state.snapshot(), see(new Client()).state.snapshot());
});

Deno.test("ClientState.snapshot() is not touched by what comes later", () => {
  const client = new Client().enterMap();
  const before = client.state.snapshot();
  const text = JSON.stringify(before);
  client.take("SetBlock", { x: 0, y: 0, z: 0, block: 5 }).take("SetHotbar", { block: 9, slot: 3 });
  assertEquals(JSON.stringify(before), text);
  assertNotEquals(client.state.snapshot(), before);
});

Deno.test("ClientState.snapshot() leaves out chat and announcements", () => {
  const client = new Client();
  const before = client.state.snapshot();
  client.take("Message", { type: 0, message: "hi" }).take("Message", { type: 100, message: "big" });
  assertEquals(client.state.snapshot(), before);
  assertEquals([client.state.screen.chat, client.state.screen.announcements.get(100)], [["hi"], "big"]);
});

Deno.test("ClientState forgets with a new map what ClassiCube forgets", () => {
  const client = new Client().enterMap();
  const fresh = client.state.snapshot();
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("MakeSelection", selection(1));
  client.take("EnvSetColor", { variable: 0, red: 1, green: 2, blue: 3 }).take("EnvSetWeatherType", { weather: 2 });
  client.take("SetMapEnvProperty", { property: 9, value: 5 });
  assertNotEquals(client.state.snapshot(), fresh);
  assertEquals(client.enterMap().state.snapshot(), fresh);
});

Deno.test("ClientState keeps over a new map what ClassiCube keeps", () => {
  const client = new Client().enterMap();
  client.take("DefineBlock", definition(200)).take("ExtAddPlayerName", tabEntry(1)).take("DefineModel", model(1));
  client.take("SetInventoryOrder", { block: 5, order: 9 }).take("SetHotbar", { block: 9, slot: 3 });
  client.take("SetBlockPermission", { block: 1, allowPlace: 0, allowDelete: 0 }).take("SetClickDistance", {
    distance: 7,
  });
  client.take("SetTextHotKey", { label: "", action: "/spawn", keyCode: 30, keyMods: 0 });
  client.take("SetTextColor", { red: 1, green: 2, blue: 3, alpha: 255, code: 0x78 });
  client.take("SetMapEnvUrl", { url: "https://textures.example/a.zip" }).take("Message", {
    type: 1,
    message: "status",
  });
  client.take("SetMapEnvProperty", { property: 4, value: 50 }).take("LightingMode", { mode: 2, locked: 1 });
  client.take("ChangeModel", { entityId: 255, model: "chicken" }).take("ToggleBlockList", { toggle: 0 });
  const before = client.state.snapshot();
  assertEquals(client.enterMap().state.snapshot(), before);
});

Deno.test("ClientState is as fresh again once everything was reset by packets", () => {
  const fresh = new Client().enterMap().state.snapshot();
  const client = new Client();
  client.take("DefineBlock", definition(200)).take("RemoveBlockDefinition", { block: 200 });
  client.take("SetHotbar", { block: 9, slot: 0 }).take("SetHotbar", { block: 1, slot: 0 });
  client.take("SetTextColor", { red: 9, green: 2, blue: 3, alpha: 255, code: 0x61 });
  client.take("SetTextColor", { red: 0x40, green: 0xff, blue: 0x40, alpha: 255, code: 0x61 });
  client.take("SetTextColor", { red: 9, green: 2, blue: 3, alpha: 255, code: 0x78 });
  client.take("SetTextColor", { red: 0, green: 0, blue: 0, alpha: 0, code: 0x78 });
  client.take("SetTextHotKey", { label: "", action: "/spawn", keyCode: 30, keyMods: 1 });
  client.take("SetTextHotKey", { label: "", action: "", keyCode: 30, keyMods: 1 });
  client.take("Message", { type: 12, message: "status" }).take("Message", { type: 12, message: "" });
  client.take("SetMapEnvProperty", { property: 4, value: 50 }).take("SetMapEnvProperty", { property: 4, value: 0 });
  client.take("SetMapEnvUrl", { url: "http://a.example/" }).take("SetMapEnvUrl", { url: "" });
  client.take("SetEntityProperty", { entityId: 255, property: 3, value: 2000 });
  client.take("ChangeModel", { entityId: 255, model: "chicken" }).take("ChangeModel", {
    entityId: 255,
    model: "humanoid",
  });
  client.take("LightingMode", { mode: 1, locked: 1 }).take("LightingMode", { mode: 0, locked: 0 });
  client.take("DefineModel", model(3)).take("UndefineModel", { modelId: 3 });
  client.take("ExtAddPlayerName", tabEntry(9)).take("ExtRemovePlayerName", { nameId: 9 });
  client.take("SetClickDistance", { distance: 7 }).take("SetClickDistance", { distance: 160 });
  client.take("SetBlockPermission", { block: 7, allowPlace: 1, allowDelete: 0 });
  client.take("SetBlockPermission", { block: 7, allowPlace: 0, allowDelete: 1 });
  assertEquals(client.enterMap().state.snapshot(), fresh);
});

Deno.test("ClientState shows an entity spawned without its model and scale of before", () => {
  const { state } = new Client()
    .take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION })
    .take("ChangeModel", { entityId: 1, model: "pig" })
    .take("SetEntityProperty", { entityId: 1, property: 4, value: 500 })
    .take("SpawnPlayer", { playerId: 1, playerName: "b", ...POSITION });
  const entity = state.entities.entities.get(1);
  assertEquals([entity?.name, entity?.model, entity?.scale], ["b", "humanoid", [1000, 1000, 1000]]);
});

Deno.test("ClientState moves entities absolutely and relatively", () => {
  const client = new Client().take("ExtAddEntity2", { entityId: 3, inGameName: "a", skinName: "s", ...POSITION });
  const position = (): unknown => client.state.entities.entities.get(3)?.position;
  client.take("PositionAndOrientationUpdate", { playerId: 3, dx: -128, dy: 127, dz: 1, yaw: 9, pitch: 8 });
  assertEquals(position(), { x: -127, y: 129, z: 4, yaw: 9, pitch: 8 });
  client.take("PositionUpdate", { playerId: 3, dx: 1, dy: 1, dz: 1 }).take("OrientationUpdate", {
    playerId: 3,
    yaw: 1,
    pitch: 2,
  });
  assertEquals(position(), { x: -126, y: 130, z: 5, yaw: 1, pitch: 2 });
  client.take("PlayerTeleport", { playerId: 3, ...POSITION });
  assertEquals(position(), POSITION);
});

Deno.test("ClientState follows ExtEntityTeleport by its flags", () => {
  const behaviours = [0b000001, 0b000101, 0b010000, 0b010001, 0b000000];
  const positions = behaviours.map((behaviour) => {
    const client = new Client().take("SpawnPlayer", { playerId: 3, playerName: "a", ...POSITION });
    client.take("ExtEntityTeleport", { entityId: 3, behaviour, x: 10, y: 20, z: 30, yaw: 40, pitch: 50 });
    const { x, yaw } = client.state.entities.entities.get(3)?.position ?? POSITION;
    return [x, yaw];
  });
  assertEquals(positions, [[10, 4], [11, 4], [1, 40], [10, 40], [1, 4]]);
});

Deno.test("ClientState keeps the player's own name but for its colours", () => {
  const client = new Client();
  client.take("ExtAddEntity2", { entityId: 255, inGameName: "&cSteve+", skinName: "", ...POSITION });
  assertEquals([client.state.entities.self.name, client.state.entities.self.skin], ["&cSteve", "&cSteve"]);
  client.take("ExtAddEntity2", { entityId: 255, inGameName: "Herobrine", skinName: "x", ...POSITION });
  assertEquals([client.state.entities.self.name, client.state.entities.self.skin], ["Steve", "x"]);
});

Deno.test("ClientState removes with an entity only the tab entry that came with it", () => {
  const client = new Client();
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("DespawnPlayer", { playerId: 1 });
  assertEquals([...client.state.entities.tabList.keys()], []);
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("ExtAddPlayerName", tabEntry(0x101));
  client.take("DespawnPlayer", { playerId: 1 });
  assertEquals(client.state.entities.tabList.get(1)?.listName, "&aAlex");
});

Deno.test("ClientState never removes the player's own entity", () => {
  const { entities } = new Client().take("DespawnPlayer", { playerId: 255 }).state;
  assertEquals([...entities.entities.keys()], [255]);
});

Deno.test("ClientState takes the spawn point from the own spawn and from SetSpawnpoint", () => {
  const client = new Client().take("SpawnPlayer", { playerId: 255, playerName: "Steve", ...POSITION });
  assertEquals(client.state.entities.spawn?.y, 2 - 51 + 22);
  client.take("SetSpawnpoint", POSITION);
  assertEquals(client.state.entities.spawn?.y, 2 - 51);
});

Deno.test("ClientState changes blocks one by one and in bulk", () => {
  const client = new Client().enterMap();
  const indices = new Uint8Array(1024);
  indices.set([0, 0, 0, 1, 0, 0, 0, 17, 0xff, 0xff, 0xff, 0xff]);
  const upperBits = Uint8Array.of(0b1000, ...new Uint8Array(63));
  client.take("BulkBlockUpdate", { lastIndex: 2, indices, blocks: Uint8Array.of(5, 6, 7), upperBits });
  client.take("SetBlock", { x: 0, y: 0, z: 0, block: 600 }).take("SetBlock", { x: 4, y: 0, z: 0, block: 9 });
  const { map } = client.state;
  assertEquals([map.at(0, 0, 0), map.at(1, 0, 0), map.at(1, 1, 0), map.at(2, 0, 0)], [600, 5, 6 + 512, 1]);
});

Deno.test("ClientState overwrites the slot that SetInventoryOrder names", () => {
  const client = new Client().take("SetInventoryOrder", { block: 5, order: 7 });
  assertEquals(client.state.blocks.inventory.slice(3, 8), [4, 0, 6, 5, 8]);
  client.take("SetInventoryOrder", { block: 5, order: 5 });
  assertEquals(client.state.blocks.inventory.slice(3, 8), [4, 5, 6, 0, 8]);
});

Deno.test("ClientState shows defined blocks in the inventory until they are removed", () => {
  const client = new Client().take("DefineBlock", definition(200));
  assertEquals([client.state.blocks.inventory[199], client.state.blocks.definitions.has(200)], [200, true]);
  client.take("RemoveBlockDefinition", { block: 200 });
  assertEquals([client.state.blocks.inventory[199], client.state.blocks.definitions.has(200)], [0, false]);
});

Deno.test("ClientState swaps the held block with the slot that has it already", () => {
  const client = new Client().take("HoldThis", { block: 45, preventChange: 0 });
  assertEquals(client.state.blocks.hotbar, [45, 4, 1, 3, 5, 17, 18, 20, 44]);
});

Deno.test("ClientState lets operators build with bedrock only without BlockPermissions", () => {
  const welcome = { protocol: 7, serverName: "", motd: "", userType: 100 };
  const [plain, cpe] = [new Client(ExtensionSet.EMPTY), new Client()].map((client) =>
    client.take("ServerIdentification", welcome)
  );
  assertEquals([plain?.state.blocks.mayPlace(7), cpe?.state.blocks.mayPlace(7)], [true, false]);
  plain?.take("UpdateUserType", { userType: 0 });
  assertEquals([plain?.state.blocks.mayPlace(7), plain?.state.blocks.mayDelete(7)], [false, false]);
});

Deno.test("ClientState recomputes what the player may do from each ServerIdentification", () => {
  const client = new Client();
  const welcome = (motd: string, userType = 0): unknown => {
    client.take("ServerIdentification", { protocol: 7, serverName: "", motd, userType });
    const { fly, noclip, push } = client.state.player.hacks;
    return [fly, noclip, push];
  };
  assertEquals(welcome("-hax"), [false, false, true]);
  client.take("HackControl", { fly: 1, noclip: 1, speed: 1, spawnControl: 1, thirdPerson: 1, jumpHeight: 64 });
  assertEquals([client.state.player.hacks.fly, client.state.player.jumpHeight], [true, 64]);
  assertEquals(welcome("-hax +fly -push"), [true, false, false]);
  assertEquals(welcome("-hax +ophax", 100), [true, true, true]);
  assertEquals(welcome(""), [true, true, true]);
  assertEquals(client.state.player.jumpHeight, 64);
});

Deno.test("ClientState shows lines as ClassiCube does without MessageTypes", () => {
  const { screen } = new Client(ExtensionSet.EMPTY)
    .take("Message", { type: 255, message: "system" })
    .take("Message", { type: 7, message: "&fSteve: hi" })
    .take("Message", { type: 0, message: "^detail.user=compass" })
    .take("Message", { type: 0, message: "^Detail.User.joined x" }).state;
  assertEquals(screen.chat, ["&esystem", "&fSteve: hi"]);
  assertEquals([screen.status.get(3), screen.hidden], ["compass", ["^Detail.User.joined x"]]);
});

Deno.test("ClientState ignores texture addresses that are none", () => {
  const client = new Client().take("SetMapEnvUrl", { url: "https://a.example/", urlPart2: "b" });
  client.take("SetMapEnvUrl", { url: "ftp://c.example/" });
  assertEquals(client.state.environment.textureUrl, "https://a.example/b");
});

Deno.test("ClientState takes a colour out of range for the default", () => {
  const client = new Client().take("EnvSetColor", { variable: 2, red: 1, green: 2, blue: 3 });
  assertEquals(client.state.environment.colours.get(2), { red: 1, green: 2, blue: 3 });
  client.take("EnvSetColor", { variable: 2, red: -1, green: -1, blue: -1 });
  assertEquals(client.state.environment.colours.size, 0);
});

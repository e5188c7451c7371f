import { assert, assertEquals, assertNotEquals } from "./assert.ts";
import { definition, FedClient, model, POSITION, selection, tabEntry } from "./client/fed_client.ts";
import { type Packet, type PacketName, PACKETS } from "../../lib/protocol/packet_table.ts";
import type { PacketInput } from "../../lib/protocol/packets.ts";

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
    const changes = [[0, 1], [1, 0], [1, 1], [2, 0], [0x41, 1], [100, 0]].map(([byte = 0, step = 0]) => {
      const client = new FedClient();
      client.enterMap().take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION });
      client.take("EnvSetWeatherType", { weather: 1 }).take("MakeSelection", selection(2));
      client.take("DefineBlock", definition(1)).take("ExtAddPlayerName", tabEntry(1)).take("DefineModel", model(1));
      const before = client.state.snapshot();
      const fields = packet.fields.map(({ name, type, count }, index) => [
        name,
        type === "text" ? "http://text.example/" : type === "bytes" ? new Uint8Array(count) : byte + step * index,
      ]);
      // The values were made by the packet's own fields, which their type cannot say.
      client.take(name, Object.fromEntries(fields) as unknown as PacketInput<PacketName>);
      return JSON.stringify(before) !== JSON.stringify(client.state.snapshot());
    });
    assert(changes.includes(true));
  });
}

Deno.test("ClientState.snapshot() is equal for two clients that saw the same", () => {
  const see = (client: FedClient): FedClient =>
    client.enterMap().take("SetHotbar", { block: 9, slot: 3 }).take("HoldThis", { block: 5, preventChange: 1 });
  assertEquals(see(new FedClient()).state.snapshot(), see(new FedClient()).state.snapshot());
});

Deno.test("ClientState.snapshot() is not touched by what comes later", () => {
  const client = new FedClient().enterMap();
  const before = client.state.snapshot();
  const text = JSON.stringify(before);
  client.take("SetBlock", { x: 0, y: 0, z: 0, block: 5 }).take("SetHotbar", { block: 9, slot: 3 });
  assertEquals(JSON.stringify(before), text);
  assertNotEquals(client.state.snapshot(), before);
});

Deno.test("ClientState.snapshot() leaves out chat and announcements", () => {
  const client = new FedClient();
  const before = client.state.snapshot();
  client.take("Message", { type: 0, message: "hi" }).take("Message", { type: 100, message: "big" });
  assertEquals(client.state.snapshot(), before);
  assertEquals([client.state.screen.chat, client.state.screen.announcements.get(100)], [["hi"], "big"]);
});

Deno.test("ClientState forgets with a new map what ClassiCube forgets", () => {
  const client = new FedClient().enterMap();
  const fresh = client.state.snapshot();
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("MakeSelection", selection(1));
  client.take("EnvSetColor", { variable: 0, red: 1, green: 2, blue: 3 }).take("EnvSetWeatherType", { weather: 2 });
  client.take("SetMapEnvProperty", { property: 9, value: 5 });
  assertNotEquals(client.state.snapshot(), fresh);
  assertEquals(client.enterMap().state.snapshot(), fresh);
});

Deno.test("ClientState keeps over a new map what ClassiCube keeps", () => {
  const client = new FedClient().enterMap();
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
  const fresh = new FedClient().enterMap().state.snapshot();
  const client = new FedClient();
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

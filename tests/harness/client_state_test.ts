import { assertEquals } from "./assert.ts";
import { definition, FedClient, model, POSITION, tabEntry } from "./client/fed_client.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";

Deno.test("ClientState shows an entity spawned without its model and scale of before", () => {
  const { state } = new FedClient()
    .take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION })
    .take("ChangeModel", { entityId: 1, model: "pig" })
    .take("SetEntityProperty", { entityId: 1, property: 4, value: 500 })
    .take("SpawnPlayer", { playerId: 1, playerName: "b", ...POSITION });
  const entity = state.entities.entities.get(1);
  assertEquals([entity?.name, entity?.model, entity?.scale], ["b", "humanoid", [1000, 1000, 1000]]);
});

Deno.test("ClientState moves entities absolutely and relatively", () => {
  const client = new FedClient().take("ExtAddEntity2", { entityId: 3, inGameName: "a", skinName: "s", ...POSITION });
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
    const client = new FedClient().take("SpawnPlayer", { playerId: 3, playerName: "a", ...POSITION });
    client.take("ExtEntityTeleport", { entityId: 3, behaviour, x: 10, y: 20, z: 30, yaw: 40, pitch: 50 });
    const { x, yaw } = client.state.entities.entities.get(3)?.position ?? POSITION;
    return [x, yaw];
  });
  assertEquals(positions, [[10, 4], [11, 4], [1, 40], [10, 40], [1, 4]]);
});

Deno.test("ClientState keeps the player's own name but for its colours", () => {
  const client = new FedClient();
  client.take("ExtAddEntity2", { entityId: 255, inGameName: "&cSteve+", skinName: "", ...POSITION });
  assertEquals([client.state.entities.self.name, client.state.entities.self.skin], ["&cSteve", "&cSteve"]);
  client.take("ExtAddEntity2", { entityId: 255, inGameName: "Herobrine", skinName: "x", ...POSITION });
  assertEquals([client.state.entities.self.name, client.state.entities.self.skin], ["Steve", "x"]);
});

Deno.test("ClientState removes with an entity only the tab entry that came with it", () => {
  const client = new FedClient();
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("DespawnPlayer", { playerId: 1 });
  assertEquals([...client.state.entities.tabList.keys()], []);
  client.take("SpawnPlayer", { playerId: 1, playerName: "a", ...POSITION }).take("ExtAddPlayerName", tabEntry(0x101));
  client.take("DespawnPlayer", { playerId: 1 });
  assertEquals(client.state.entities.tabList.get(1)?.listName, "&aAlex");
});

Deno.test("ClientState never removes the player's own entity", () => {
  const { entities } = new FedClient().take("DespawnPlayer", { playerId: 255 }).state;
  assertEquals([...entities.entities.keys()], [255]);
});

Deno.test("ClientState takes the spawn point from the own spawn and from SetSpawnpoint", () => {
  const client = new FedClient().take("SpawnPlayer", { playerId: 255, playerName: "Steve", ...POSITION });
  assertEquals(client.state.entities.spawn?.y, 2 - 51 + 22);
  client.take("SetSpawnpoint", POSITION);
  assertEquals(client.state.entities.spawn?.y, 2 - 51);
});

Deno.test("ClientState changes blocks one by one and in bulk", () => {
  const client = new FedClient().enterMap();
  const indices = new Uint8Array(1024);
  indices.set([0, 0, 0, 1, 0, 0, 0, 17, 0xff, 0xff, 0xff, 0xff]);
  const upperBits = Uint8Array.of(0b1000, ...new Uint8Array(63));
  client.take("BulkBlockUpdate", { lastIndex: 2, indices, blocks: Uint8Array.of(5, 6, 7), upperBits });
  client.take("SetBlock", { x: 0, y: 0, z: 0, block: 600 }).take("SetBlock", { x: 4, y: 0, z: 0, block: 9 });
  const { map } = client.state;
  assertEquals([map.at(0, 0, 0), map.at(1, 0, 0), map.at(1, 1, 0), map.at(2, 0, 0)], [600, 5, 6 + 512, 1]);
});

Deno.test("ClientState overwrites the slot that SetInventoryOrder names", () => {
  const client = new FedClient().take("SetInventoryOrder", { block: 5, order: 7 });
  assertEquals(client.state.blocks.inventory.slice(3, 8), [4, 0, 6, 5, 8]);
  client.take("SetInventoryOrder", { block: 5, order: 5 });
  assertEquals(client.state.blocks.inventory.slice(3, 8), [4, 5, 6, 0, 8]);
});

Deno.test("ClientState shows defined blocks in the inventory until they are removed", () => {
  const client = new FedClient().take("DefineBlock", definition(200));
  assertEquals([client.state.blocks.inventory[199], client.state.blocks.definitions.has(200)], [200, true]);
  client.take("RemoveBlockDefinition", { block: 200 });
  assertEquals([client.state.blocks.inventory[199], client.state.blocks.definitions.has(200)], [0, false]);
});

Deno.test("ClientState puts a default block back where a definition of it is removed", () => {
  const removed = [5, 768 + 5].map((block) => {
    const client = new FedClient().take("SetInventoryOrder", { block: 5, order: 9 });
    return client.take("RemoveBlockDefinition", { block }).state.blocks.inventory.slice(3, 10);
  });
  assertEquals(removed, [[4, 5, 6, 7, 8, 0, 10], [4, 5, 6, 7, 8, 0, 10]]);
});

Deno.test("ClientState swaps the held block with the slot that has it already", () => {
  const client = new FedClient().take("HoldThis", { block: 45, preventChange: 0 });
  assertEquals(client.state.blocks.hotbar, [45, 4, 1, 3, 5, 17, 18, 20, 44]);
});

Deno.test("ClientState lets operators build with bedrock only without BlockPermissions", () => {
  const welcome = { protocol: 7, serverName: "", motd: "", userType: 100 };
  const [plain, cpe] = [new FedClient(ExtensionSet.EMPTY), new FedClient()].map((client) =>
    client.take("ServerIdentification", welcome)
  );
  assertEquals([plain?.state.blocks.mayPlace(7), cpe?.state.blocks.mayPlace(7)], [true, false]);
  plain?.take("UpdateUserType", { userType: 0 });
  assertEquals([plain?.state.blocks.mayPlace(7), plain?.state.blocks.mayDelete(7)], [false, false]);
});

Deno.test("ClientState recomputes what the player may do from each ServerIdentification", () => {
  const client = new FedClient();
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
  const { screen } = new FedClient(ExtensionSet.EMPTY)
    .take("Message", { type: 255, message: "system" })
    .take("Message", { type: 7, message: "&fSteve: hi" })
    .take("Message", { type: 0, message: "^detail.user=compass" })
    .take("Message", { type: 0, message: "^Detail.User.joined x" })
    .take("Message", { type: 255, message: "^detail.user=shown" }).state;
  assertEquals(screen.chat, ["&esystem", "&fSteve: hi", "&e^detail.user=shown"]);
  assertEquals([screen.status.get(3), screen.hidden], ["compass", ["^Detail.User.joined x"]]);
});

Deno.test("ClientState ignores texture addresses that are none", () => {
  const client = new FedClient().take("SetMapEnvUrl", { url: "https://a.example/", urlPart2: "b" });
  client.take("SetMapEnvUrl", { url: "ftp://c.example/" });
  assertEquals(client.state.environment.textureUrl, "https://a.example/b");
});

Deno.test("ClientState takes a colour out of range for the default", () => {
  const client = new FedClient().take("EnvSetColor", { variable: 2, red: 1, green: 2, blue: 3 });
  assertEquals(client.state.environment.colours.get(2), { red: 1, green: 2, blue: 3 });
  client.take("EnvSetColor", { variable: 2, red: -1, green: -1, blue: -1 });
  assertEquals(client.state.environment.colours.size, 0);
});

Deno.test("ClientState collects the parts of a model up to their announced number", () => {
  const part = {
    modelId: 1,
    min: new Uint8Array(12),
    max: new Uint8Array(12),
    uv: new Uint8Array(48),
    rotationOrigin: new Uint8Array(12),
    rotation: new Uint8Array(12),
    flags: 0,
  };
  const client = new FedClient().take("DefineModelPart", part).take("DefineModel", model(1));
  client.take("DefineModelPart", part).take("DefineModelPart", part);
  assertEquals(client.state.models.models.get(1)?.parts.length, 1);
  assertEquals(client.take("UndefineModel", { modelId: 1 }).state.models.models.size, 0);
});

import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { generateArena } from "../../lib/demo/arena.ts";
import { startDemo } from "../../lib/demo/demo.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { openLog } from "../../lib/observe/log.ts";
import { eventually } from "../harness/kernel.ts";
import { Client, mapOf } from "./client.ts";

/** The id by which a player knows itself. */
const SELF = 255;
const SILENT = openLog({ level: "error" });
const ANY_PORTS = { port: 0, adminPort: 0 };

Deno.test("the demo takes players to one world after the other, each as it was built", async () => {
  const demo = await startDemo(SILENT, ANY_PORTS);
  const [listener] = demo.edge.listeners;
  assert(listener !== undefined);
  const address = { address: `${listener.hostname}:${listener.port}`, port: listener.port };
  for (const [name, world] of [["hub", generateHub()], ["arena", generateArena()]] as const) {
    await using client = await Client.join(address, { extensions: CLASSICUBE });
    assertEquals((await client.next("ServerIdentification")).serverName, name);
    assertEquals(mapOf(client.seen, client.dialect), world.blocks);
    await client.next("ExtAddEntity2", ({ inGameName }) => inGameName === "Mira");
  }
  await demo.stop();
});

Deno.test("a world of the demo that was stopped takes no newcomers until it is started again", async () => {
  const demo = await startDemo(SILENT, ANY_PORTS);
  const [listener] = demo.edge.listeners;
  const [, arena] = demo.worlds;
  assert(listener !== undefined && arena?.name === "arena");
  const address = { address: `${listener.hostname}:${listener.port}`, port: listener.port };
  const worldOfNewcomer = async (): Promise<string> => {
    await using client = await Client.join(address, { extensions: CLASSICUBE });
    return (await client.next("ServerIdentification")).serverName;
  };
  await arena.stop();
  assertEquals([await worldOfNewcomer(), await worldOfNewcomer()], ["hub", "hub"]);
  await arena.start();
  await eventually(async () => await worldOfNewcomer() === "arena", "a newcomer in the arena");
  await demo.stop();
  assertEquals(demo.worlds.map(({ isRunning }) => isRunning), [false, false]);
});

Deno.test("players of a stopped world go on in the other one, wait when none is left, and play when one is back", async () => {
  const demo = await startDemo(SILENT, ANY_PORTS);
  const [listener] = demo.edge.listeners;
  const [hub, arena] = demo.worlds;
  assert(listener !== undefined && hub !== undefined && arena !== undefined);
  const address = { address: `${listener.hostname}:${listener.port}`, port: listener.port };
  await using player = await Client.join(address, { extensions: CLASSICUBE });
  const arrival = async (name: string): Promise<void> => {
    await player.next("ServerIdentification", ({ serverName }) => serverName === name);
    await player.next("ExtAddEntity2", ({ entityId }) => entityId === SELF);
  };
  await arrival("hub");
  await Promise.all([hub.stop(), arrival("arena")]);
  await Promise.all([arena.stop(), arrival("Kurafuto demo")]);
  await eventually(() => demo.edge.backends.every(({ state }) => state === "down"), "both worlds down");
  await hub.start();
  await arrival("hub");
  assertEquals([player.end, hub.isRunning, arena.isRunning], [undefined, true, false]);
  await demo.stop();
});

Deno.test("the demo says so when its port is taken, and leaves nothing running", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const error = await assertRejects(() => startDemo(SILENT, { ...ANY_PORTS, port: taken.addr.port }), BindError);
  assert(error.inUse);
});

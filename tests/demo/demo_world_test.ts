import { DemoWorld } from "../../lib/demo/demo_world.ts";
import { assertEquals, assertRejects } from "../harness/assert.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { BLOCK } from "../../lib/demo/block.ts";
import { generateFlat } from "../../lib/demo/world.ts";
import { Client, mapOf } from "./client.ts";

function listening({ address }: DemoWorld): { readonly address: string; readonly port: number } {
  return { address, port: Number(address.split(":").at(-1)) };
}

Deno.test("a world that was stopped under its players comes back on its port with what they built", async () => {
  const blocks = generateFlat();
  const world = await DemoWorld.start("meadow", { world: blocks, port: quietPort() });
  const place = listening(world);
  for (let round = 0; round < 3; round++) {
    await using player = await Client.join(place);
    assertEquals((await player.next("ServerIdentification")).serverName, "meadow");
    assertEquals(mapOf(player.seen, player.dialect), blocks.blocks);
    blocks.set(round, 20, 0, BLOCK.GOLD);
    await world.stop();
    assertEquals(world.isRunning, false);
    await assertRejects(() => Deno.connect(place), Deno.errors.ConnectionRefused);
    await world.start();
    assertEquals([world.isRunning, listening(world)], [true, place]);
  }
  await world.stop();
});

Deno.test("starting a world that runs and stopping one that does not change nothing", async () => {
  const world = await DemoWorld.start("meadow", {});
  await world.start();
  await using player = await Client.join(listening(world));
  assertEquals(player.end, undefined);
  await world.stop();
  await world.stop();
  assertEquals(world.isRunning, false);
});

Deno.test("a world whose port was taken meanwhile says so, and stays stopped", async () => {
  const world = await DemoWorld.start("meadow", { port: quietPort() });
  await world.stop();
  using _taken = Deno.listen(listening(world));
  await assertRejects(() => world.start(), Deno.errors.AddrInUse);
  assertEquals(world.isRunning, false);
});

import { assert, assertEquals, assertNotEquals } from "../harness/assert.ts";
import { generateArena } from "../../lib/demo/arena.ts";
import { BLOCK, isLiquid, isPassable } from "../../lib/demo/block.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { seededRandom } from "../../lib/demo/noise.ts";
import { Resident } from "../../lib/demo/resident.ts";
import { generateFlat, placeUnder, World } from "../../lib/demo/world.ts";

for (const [name, generate] of [["hub", generateHub], ["arena", generateArena], ["flat", generateFlat]] as const) {
  Deno.test(`the ${name} world is the same each time`, () => {
    assertEquals(generate().blocks, generate().blocks);
  });

  Deno.test(`the ${name} world lets players begin on solid ground with room for their head`, () => {
    const world = generate();
    const [x, y, z] = placeUnder(world.spawn);
    const ground = world.get(x, y, z);
    assert(!isPassable(ground) && !isLiquid(ground));
    assertEquals([world.get(x, y + 1, z), world.get(x, y + 2, z)], [BLOCK.AIR, BLOCK.AIR]);
  });
}

Deno.test("hub and arena look different", () => {
  const [hub, arena] = [generateHub(), generateArena()];
  assertNotEquals(hub.look.colours[0], arena.look.colours[0]);
  const share = (world: World, id: number): number =>
    world.blocks.filter((block) => block === id).length / world.blocks.length;
  assert(share(hub, BLOCK.GRASS) > 0.005 && share(arena, BLOCK.GRASS) === 0);
  assert(share(arena, BLOCK.OBSIDIAN) > 0.005 && share(hub, BLOCK.OBSIDIAN) === 0);
});

Deno.test("World.set() leaves places outside alone", () => {
  const world = generateFlat(4, 4, 4);
  const before = world.blocks.slice();
  for (const [x, y, z] of [[-1, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4], [0, -1, 0]] as const) {
    world.set(x, y, z, BLOCK.GOLD);
  }
  assertEquals(world.blocks, before);
});

for (const generate of [generateHub, generateArena]) {
  Deno.test(`a resident of ${generate.name}() walks for a long time and never leaves dry ground`, () => {
    const world = generate();
    const resident = new Resident(0, 0, world, seededRandom(7));
    const places = new Set<string>();
    for (let step = 0; step < 5000; step++) {
      resident.step();
      const [x, y, z] = placeUnder(resident.position);
      places.add(`${x} ${z}`);
      const ground = world.get(x, y, z);
      assert(world.contains(x, y, z) && !isPassable(ground) && !isLiquid(ground), `step ${step} at ${x} ${y} ${z}`);
      assert(
        isPassable(world.get(x, y + 1, z)) && isPassable(world.get(x, y + 2, z)),
        `step ${step} at ${x} ${y} ${z}`,
      );
    }
    assert(places.size > 50, `${places.size} places seen`);
  });
}

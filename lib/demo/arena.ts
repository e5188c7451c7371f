import { BLOCK } from "./block.ts";
import { hash } from "./noise.ts";
import { standingAt, World } from "./world.ts";

const SIZE = 64;
const HEIGHT = 48;
const CENTRE = 31.5;
/** Height of the arena's floor. */
const FLOOR = 23;
/** Distances from the middle at which one part of the building ends and the next begins. */
const RING = { sand: 9, floor: 13, moat: 15, podium: 16, seats: 26, wall: 29 };
const WALL_TOP = 37;
const GATE_HALF_WIDTH = 2;
const PILLARS = 16;

/** A coliseum of obsidian and dark stone under a red sky, lit by lava, with rows of seats around a ring of sand. */
export function generateArena(): World {
  const world = new World({
    xSize: SIZE,
    ySize: HEIGHT,
    zSize: SIZE,
    spawn: standingAt(CENTRE + 0.5, FLOOR + 1, CENTRE + 11.5),
    look: {
      colours: [[52, 14, 20], [30, 12, 14], [82, 22, 18], [92, 74, 78], [190, 150, 140]],
      sideBlock: BLOCK.OBSIDIAN,
      edgeBlock: BLOCK.LAVA,
      edgeHeight: FLOOR,
      weather: 0,
    },
  });
  for (let z = 0; z < SIZE; z++) {
    for (let x = 0; x < SIZE; x++) buildColumn(world, x, z);
  }
  raisePillars(world);
  return world;
}

function buildColumn(world: World, x: number, z: number): void {
  const [dx, dz] = [x - CENTRE, z - CENTRE];
  const distance = Math.hypot(dx, dz);
  const gate = Math.min(Math.abs(dx), Math.abs(dz)) < GATE_HALF_WIDTH && distance > RING.floor;
  world.set(x, 0, z, BLOCK.BEDROCK);
  world.fill([x, 1, z], [x, FLOOR - 1, z], BLOCK.STONE);
  world.set(x, FLOOR, z, gate ? BLOCK.STONE_BRICK : floorBlock(x, z, distance));
  if (distance >= RING.podium && distance < RING.seats) buildSeats(world, x, z, distance, gate);
  if (distance >= RING.seats && distance < RING.wall) buildWall(world, x, z, gate);
}

function floorBlock(x: number, z: number, distance: number): number {
  if (distance < 3) return BLOCK.MAGMA;
  if (distance < RING.sand) return BLOCK.SAND;
  if (distance < RING.floor) return (x + z) % 2 === 0 ? BLOCK.OBSIDIAN : BLOCK.COBBLESTONE;
  if (distance < RING.moat) return BLOCK.LAVA;
  if (distance < RING.wall) return BLOCK.COBBLESTONE;
  return rubble(x, z);
}

/** Ground outside the walls. */
function rubble(x: number, z: number): number {
  const chance = hash(x, z, 11);
  if (chance < 0.04) return BLOCK.LAVA;
  return chance < 0.4 ? BLOCK.GRAVEL : chance < 0.7 ? BLOCK.OBSIDIAN : BLOCK.MOSSY_COBBLESTONE;
}

function buildSeats(world: World, x: number, z: number, distance: number, gate: boolean): void {
  if (gate) return;
  const row = Math.floor((distance - RING.podium) / 2);
  const step = FLOOR + 2 + row;
  world.fill([x, FLOOR + 1, z], [x, step, z], row % 2 === 0 ? BLOCK.STONE_BRICK : BLOCK.COBBLESTONE);
  const front = distance - RING.podium - 2 * row < 1;
  if (row > 0 && !front) world.set(x, step + 1, z, BLOCK.BENCH);
}

function buildWall(world: World, x: number, z: number, gate: boolean): void {
  const bottom = gate ? FLOOR + 6 : FLOOR + 1;
  world.fill([x, bottom, z], [x, WALL_TOP, z], BLOCK.OBSIDIAN);
  const band = [FLOOR + 9, FLOOR + 12].filter((y) => y >= bottom);
  for (const y of band) world.set(x, y, z, hash(x, z, y) < 0.35 ? BLOCK.MAGMA : BLOCK.DARK_WOOL);
  if ((x + z) % 4 < 2) world.set(x, WALL_TOP + 1, z, BLOCK.STONE_BRICK);
}

/** Pillars on the wall and around the ring, each with lava on its top for a light. */
function raisePillars(world: World): void {
  for (let pillar = 0; pillar < PILLARS; pillar++) {
    const angle = ((pillar + 0.5) / PILLARS) * 2 * Math.PI;
    for (const [radius, bottom, top] of [[27.5, WALL_TOP, WALL_TOP + 4], [12.2, FLOOR + 1, FLOOR + 3]] as const) {
      const x = Math.round(CENTRE + radius * Math.cos(angle));
      const z = Math.round(CENTRE + radius * Math.sin(angle));
      world.fill([x, bottom, z], [x, top - 1, z], BLOCK.PILLAR);
      world.set(x, top, z, BLOCK.LAVA);
    }
  }
}

import { BLOCK, RAINBOW } from "./block.ts";
import { hash, mix, smoothNoise, smoothStep } from "./noise.ts";
import { standingAt, World } from "./world.ts";

const SIZE = 64;
const HEIGHT = 32;
const CENTRE = 32;
/** Height of the plaza's floor; the sea reaches up to the block below {@linkcode SEA}. */
const PLAZA = 19;
const PLAZA_RADIUS = 9;
const SEA = 16;
const LAKE = { x: 49, z: 21, radius: 8, surface: 17 };

/** A grassy island with a lake, trees and flowers, and a plaza ringed by wool of all colours in its middle. */
export function generateHub(): World {
  const world = new World({
    xSize: SIZE,
    ySize: HEIGHT,
    zSize: SIZE,
    spawn: standingAt(CENTRE + 0.5, PLAZA + 1, CENTRE + 6.5),
    look: {
      colours: [[126, 196, 255], [255, 255, 255], [214, 236, 255], [155, 155, 160], [255, 250, 240]],
      sideBlock: BLOCK.SAND,
      edgeBlock: 8,
      edgeHeight: SEA,
      weather: 0,
    },
  });
  raiseIsland(world);
  plantFlowers(world);
  plantTrees(world);
  layPlaza(world);
  return world;
}

function raiseIsland(world: World): void {
  for (let z = 0; z < SIZE; z++) {
    for (let x = 0; x < SIZE; x++) {
      const ground = groundHeight(x, z);
      const lake = lakeDistance(x, z) < 1 && ground < LAKE.surface;
      const soil = ground < SEA ? BLOCK.SAND : ground === SEA || lake ? BLOCK.SAND : BLOCK.DIRT;
      world.set(x, 0, z, BLOCK.BEDROCK);
      world.fill([x, 1, z], [x, ground - 3, z], BLOCK.STONE);
      world.fill([x, Math.max(ground - 2, 1), z], [x, ground, z], soil);
      if (soil === BLOCK.DIRT) world.set(x, ground, z, BLOCK.GRASS);
      const surface = lake ? LAKE.surface : SEA - 1;
      world.fill([x, ground + 1, z], [x, surface, z], BLOCK.WATER);
    }
  }
}

/** Height of the topmost solid block. */
function groundHeight(x: number, z: number): number {
  const distance = Math.hypot(x - CENTRE, z - CENTRE);
  const coast = distance + 6 * (smoothNoise(x, z, 9, 1) - 0.5);
  const hills = PLAZA - 1.5 + 7 * (smoothNoise(x, z, 13, 2) - 0.3) + 1.5 * smoothNoise(x, z, 5, 3);
  const island = mix(hills, SEA - 6, smoothStep((coast - 20) / 13));
  const basin = mix(LAKE.surface - 4, Math.max(island, LAKE.surface + 1), smoothStep((lakeDistance(x, z) - 0.4) / 0.6));
  const land = lakeDistance(x, z) < 1.3 ? basin : island;
  return Math.round(mix(PLAZA, land, smoothStep((distance - PLAZA_RADIUS - 1) / 6)));
}

/** 0 in the middle of the lake, 1 on its shore. */
function lakeDistance(x: number, z: number): number {
  return Math.hypot(x - LAKE.x, (z - LAKE.z) * 1.25) / LAKE.radius;
}

function plantFlowers(world: World): void {
  for (let z = 0; z < SIZE; z++) {
    for (let x = 0; x < SIZE; x++) {
      const y = groundHeight(x, z);
      const meadow = smoothNoise(x, z, 7, 4);
      if (world.get(x, y, z) !== BLOCK.GRASS || hash(x, z, 5) > 0.22 * meadow) continue;
      world.set(x, y + 1, z, meadow > 0.5 ? BLOCK.DANDELION : BLOCK.ROSE);
    }
  }
}

function plantTrees(world: World): void {
  const spacing = 6;
  for (let row = 0; row < SIZE / spacing; row++) {
    for (let column = 0; column < SIZE / spacing; column++) {
      const x = Math.floor((column + hash(column, row, 6)) * spacing);
      const z = Math.floor((row + hash(column, row, 7)) * spacing);
      const far = Math.hypot(x - CENTRE, z - CENTRE) > PLAZA_RADIUS + 4;
      const y = groundHeight(x, z);
      if (far && world.get(x, y, z) === BLOCK.GRASS && hash(column, row, 8) < 0.75) plantTree(world, x, y + 1, z);
    }
  }
}

function plantTree(world: World, x: number, y: number, z: number): void {
  const trunk = 4 + Math.floor(2 * hash(x, z, 9));
  for (let dy = trunk - 2; dy <= trunk + 1; dy++) {
    const reach = dy < trunk ? 2 : 1;
    for (let dz = -reach; dz <= reach; dz++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const corner = Math.abs(dx) === reach && Math.abs(dz) === reach;
        if (!corner || (dy < trunk && hash(x + dx, z + dz, 10) < 0.4)) world.set(x + dx, y + dy, z + dz, BLOCK.LEAVES);
      }
    }
  }
  world.set(x, y - 1, z, BLOCK.DIRT);
  world.fill([x, y, z], [x, y + trunk - 1, z], BLOCK.LOG);
}

function layPlaza(world: World): void {
  for (let dz = -PLAZA_RADIUS; dz <= PLAZA_RADIUS; dz++) {
    for (let dx = -PLAZA_RADIUS; dx <= PLAZA_RADIUS; dx++) {
      const distance = Math.hypot(dx, dz);
      if (distance > PLAZA_RADIUS + 0.3) continue;
      const [x, z] = [CENTRE + dx, CENTRE + dz];
      world.set(x, PLAZA, z, pavement(dx, dz, distance));
      world.fill([x, PLAZA + 1, z], [x, HEIGHT - 1, z], BLOCK.AIR);
    }
  }
  buildFountain(world);
  for (const [dx, dz] of [[-6, -6], [6, -6], [-6, 6], [6, 6]] as const) buildLamp(world, CENTRE + dx, CENTRE + dz);
  for (const [dx, height, dz] of [[5, 2, -4], [5, 1, -5], [4, 1, -5]] as const) {
    world.fill([CENTRE + dx, PLAZA + 1, CENTRE + dz], [CENTRE + dx, PLAZA + height, CENTRE + dz], BLOCK.CRATE);
  }
}

function pavement(dx: number, dz: number, distance: number): number {
  if (distance > PLAZA_RADIUS - 0.8) return BLOCK.STONE_BRICK;
  if (distance > PLAZA_RADIUS - 2) {
    const turn = Math.atan2(dz, dx) / (2 * Math.PI) + 0.5;
    return RAINBOW[Math.floor(turn * RAINBOW.length) % RAINBOW.length] ?? BLOCK.WHITE_WOOL;
  }
  return (dx + dz) % 2 === 0 ? BLOCK.STONE : BLOCK.SANDSTONE;
}

function buildFountain(world: World): void {
  world.fill([CENTRE - 2, PLAZA + 1, CENTRE - 2], [CENTRE + 2, PLAZA + 1, CENTRE + 2], BLOCK.SLAB);
  world.fill([CENTRE - 1, PLAZA, CENTRE - 1], [CENTRE + 1, PLAZA + 1, CENTRE + 1], BLOCK.WATER);
  world.fill([CENTRE, PLAZA, CENTRE], [CENTRE, PLAZA + 3, CENTRE], BLOCK.PILLAR);
  world.set(CENTRE, PLAZA + 4, CENTRE, BLOCK.LANTERN);
}

function buildLamp(world: World, x: number, z: number): void {
  world.fill([x, PLAZA + 1, z], [x, PLAZA + 3, z], BLOCK.LOG);
  world.set(x, PLAZA + 4, z, BLOCK.LANTERN);
}

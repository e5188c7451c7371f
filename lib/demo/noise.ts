/** A number from 0 to 1 that depends on nothing but its arguments. */
export function hash(x: number, z: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(z, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** Rolling hills: a number from 0 to 1 that changes smoothly over `scale` blocks. */
export function smoothNoise(x: number, z: number, scale: number, seed: number): number {
  const cellX = Math.floor(x / scale);
  const cellZ = Math.floor(z / scale);
  const u = smoothStep(x / scale - cellX);
  const v = smoothStep(z / scale - cellZ);
  const north = mix(hash(cellX, cellZ, seed), hash(cellX + 1, cellZ, seed), u);
  const south = mix(hash(cellX, cellZ + 1, seed), hash(cellX + 1, cellZ + 1, seed), u);
  return mix(north, south, v);
}

/** A source of numbers from 0 up to 1 that always gives the same ones for one seed. */
export function seededRandom(seed: number): () => number {
  let count = 0;
  return () => hash(count++, seed, 0x5eed);
}

/** The value between `from` (at 0) and `to` (at 1). */
export function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** 0 to 1, with a soft start and a soft end. */
export function smoothStep(share: number): number {
  const t = Math.min(Math.max(share, 0), 1);
  return t * t * (3 - 2 * t);
}

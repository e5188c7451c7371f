import { isLiquid, isPassable } from "./block.ts";
import type { Entity } from "./entity.ts";
import { placeUnder, type Position, standingAt, type World } from "./world.ts";

/** Blocks that a resident walks in one step. */
const STRIDE = 0.12;
const PEOPLE = [
  { name: "Mira", model: "humanoid" },
  { name: "Clucky", model: "chicken" },
  { name: "Olaf", model: "humanoid" },
  { name: "Woolly", model: "sheep" },
] as const;

/** A figure that wanders about: it walks on the ground, climbs single steps and keeps out of liquids. */
export class Resident implements Entity {
  readonly id: number;
  readonly name: string;
  readonly model: string;
  readonly group = "Residents";
  position: Position;
  shown: Position;
  readonly #world: World;
  readonly #random: () => number;
  #x: number;
  #feet: number;
  #z: number;
  /** Clockwise from north, in parts of a full turn. */
  #heading: number;
  #stepsLeft = 0;
  #walking = false;

  /** @param number Which one of the world's residents this is, from 0. */
  constructor(number: number, id: number, world: World, random: () => number) {
    const person = PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];
    this.id = id;
    this.name = number < PEOPLE.length ? person.name : `${person.name}${Math.floor(number / PEOPLE.length) + 1}`;
    this.model = person.model;
    this.#world = world;
    this.#random = random;
    this.#heading = number / PEOPLE.length;
    const feet = placeUnder(world.spawn)[1] + 1;
    this.#x = world.spawn.x / 32 + 2 * (number % 4) - 3;
    this.#z = world.spawn.z / 32 - 2;
    this.#feet = footing(world, this.#x, feet, this.#z) ?? feet;
    this.position = this.#stand();
    this.shown = this.position;
  }

  /** Walks one step further, stands, or turns where the way is blocked. */
  step(): void {
    if (this.#stepsLeft-- <= 0) this.#decide();
    if (!this.#walking) return;
    const x = this.#x + STRIDE * Math.sin(2 * Math.PI * this.#heading);
    const z = this.#z - STRIDE * Math.cos(2 * Math.PI * this.#heading);
    const feet = footing(this.#world, x, this.#feet, z);
    if (feet === undefined) {
      this.#heading += 0.3 + 0.4 * this.#random();
    } else {
      [this.#x, this.#feet, this.#z] = [x, feet, z];
    }
    this.position = this.#stand();
  }

  #decide(): void {
    this.#walking = this.#random() < 0.7;
    this.#heading += 0.5 * (this.#random() - 0.5);
    this.#stepsLeft = 20 + Math.floor(60 * this.#random());
  }

  #stand(): Position {
    return standingAt(this.#x, this.#feet, this.#z, Math.floor(256 * this.#heading) & 0xff);
  }
}

/** Height at which feet find ground in a column, at most one block up or down from `from`. */
function footing(world: World, x: number, from: number, z: number): number | undefined {
  // Rounded as on the wire, so that nobody is shown on the edge of a block that was not looked at.
  const [column, row] = [Math.round(32 * x) >> 5, Math.round(32 * z) >> 5];
  if (!world.contains(column, from, row)) return undefined;
  return [from, from + 1, from - 1].find((feet) => {
    const ground = world.get(column, feet - 1, row);
    return !isPassable(ground) && !isLiquid(ground) &&
      isPassable(world.get(column, feet, row)) && isPassable(world.get(column, feet + 1, row));
  });
}

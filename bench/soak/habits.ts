import type { Random } from "./random.ts";

/** Ticks of a bot in a second: a client sends that many positions. */
export const TICKS_PER_SECOND = 20;

/** What a bot does next. Times are in ticks. */
export type Deed =
  | { readonly kind: "walk"; readonly ticks: number }
  | { readonly kind: "pause"; readonly ticks: number }
  /** Says one line. */
  | { readonly kind: "chat" }
  /** Places blocks, one a tick, while it walks. */
  | { readonly kind: "build"; readonly blocks: number }
  /** Asks its world for another map, of so many chunks of 1 KiB. */
  | { readonly kind: "map"; readonly chunks: number }
  /** Asks the edge for another world: the one that comes so many places after the present one. */
  | { readonly kind: "move"; readonly distance: number }
  /** Leaves, and comes back after a while. */
  | { readonly kind: "leave"; readonly ticks: number };

type DeedKind = Deed["kind"];

/** How often a deed is chosen, compared with the others. */
export type Weights = Readonly<Record<DeedKind, number>>;

/** Mostly walking and talking, now and then a move; on an average a bot does something else every two seconds. */
export const USUAL: Weights = { walk: 40, pause: 15, chat: 15, build: 12, map: 4, move: 10, leave: 4 };
/** Nothing but walking. */
export const WALKING: Weights = { walk: 1, pause: 0, chat: 0, build: 0, map: 0, move: 0, leave: 0 };

/** Chunks of the largest map. */
export const MOST_CHUNKS = 96;

/** The deeds of one bot: which they are, and how long they take, follows from the random numbers and from nothing else. */
export class Habits {
  readonly #random: Random;
  readonly #worlds: number;
  readonly #choices: readonly [Choice, ...Choice[]];

  /** @param worlds How many there are to move between. */
  constructor(random: Random, worlds: number, weights: Weights) {
    this.#random = random;
    this.#worlds = worlds;
    this.#choices = [
      { kind: "walk", weight: weights.walk },
      { kind: "pause", weight: weights.pause },
      { kind: "chat", weight: weights.chat },
      { kind: "build", weight: weights.build },
      { kind: "map", weight: weights.map },
      { kind: "move", weight: worlds > 1 ? weights.move : 0 },
      { kind: "leave", weight: weights.leave },
    ];
  }

  next(): Deed {
    const { kind } = this.#random.weighted(this.#choices);
    switch (kind) {
      case "walk":
        return { kind, ticks: this.#random.between(TICKS_PER_SECOND, 6 * TICKS_PER_SECOND) };
      case "pause":
        return { kind, ticks: this.#random.between(TICKS_PER_SECOND / 2, 4 * TICKS_PER_SECOND) };
      case "chat":
        return { kind };
      case "build":
        return { kind, blocks: this.#random.between(5, 60) };
      case "map":
        return { kind, chunks: this.#random.between(4, MOST_CHUNKS) };
      case "move":
        return { kind, distance: this.#random.between(1, this.#worlds - 1) };
      case "leave":
        return { kind, ticks: this.#random.between(TICKS_PER_SECOND, 5 * TICKS_PER_SECOND) };
    }
  }
}

interface Choice {
  readonly kind: DeedKind;
  readonly weight: number;
}

import { type LeavingSessions, sayFarewell } from "../../lib/players/farewell.ts";
import { assert, assertEquals } from "../harness/assert.ts";

/** Players who are gone as soon as they are dismissed, and newcomers whose sockets stay open for as long as the edge lets them. */
class Crowd implements LeavingSessions {
  readonly said: string[] = [];
  /** When each player was dismissed, in milliseconds since the start. */
  readonly dismissed: number[] = [];
  staying: number;
  /** What happens at each look. */
  onLook: () => void = () => {};
  #open: number;
  readonly #began = performance.now();

  constructor(players: number, newcomers: number) {
    this.staying = players + newcomers;
    this.#open = newcomers;
  }

  get size(): number {
    return this.staying + this.#open;
  }

  turnAwayNewcomers(): void {
    this.said.push("turned away");
    this.staying -= this.#open;
  }

  announce(text: string): number {
    this.said.push(text);
    return this.staying;
  }

  dismissFirst(): boolean {
    if (this.staying === 0) return false;
    this.staying--;
    this.dismissed.push(performance.now() - this.#began);
    return true;
  }

  async emptied(ms: number): Promise<void> {
    this.onLook();
    if (this.size > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

Deno.test("players are told, and go one by one over the time that there is", async () => {
  const crowd = new Crowd(4, 0);
  await sayFarewell(crowd, 2_000);
  assertEquals(crowd.said.length, 2);
  assert(/within 2 s/.test(crowd.said[1] ?? ""), crowd.said[1]);
  assertEquals(crowd.dismissed.length, 4);
  for (const [index, at] of crowd.dismissed.entries()) assert(at >= 250 * (index + 1), `${crowd.dismissed}`);
});

Deno.test("newcomers who are turned away cost those who play none of their time", async () => {
  const crowd = new Crowd(2, 500);
  await sayFarewell(crowd, 2_000);
  assertEquals(crowd.dismissed.length, 2);
  assert((crowd.dismissed[0] ?? 0) >= 500, `${crowd.dismissed}`);
});

Deno.test("whoever goes by themselves goes in the place of another", async () => {
  const crowd = new Crowd(10, 0);
  crowd.onLook = () => {
    crowd.staying = Math.min(crowd.staying, 1);
    crowd.onLook = () => {};
  };
  await sayFarewell(crowd, 2_000);
  assertEquals(crowd.dismissed.length, 1);
  assert((crowd.dismissed[0] ?? 0) >= 1_000, `${crowd.dismissed}`);
});

Deno.test("without time all go at once, and are not told that they have any", async () => {
  const crowd = new Crowd(3, 1);
  await sayFarewell(crowd, 0);
  assertEquals([crowd.said, crowd.dismissed.length], [["turned away"], 3]);
});

Deno.test("where nobody is, nobody waits", async () => {
  let isOver = false;
  const farewell = sayFarewell(new Crowd(0, 0), 60_000).then(() => isOver = true);
  // The shortest wait there is.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(isOver);
  await farewell;
});

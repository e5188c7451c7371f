import { Pacer } from "../../lib/transport/pacer.ts";
import { assertEquals } from "../harness/assert.ts";

const QUANTUM = 512 << 10;

/** A pacer, and the beat, the clock and the naps it goes by, which stand still unless they are moved. */
class Paced {
  readonly beat = { count: 0, next: (): Promise<void> => Promise.resolve() };
  naps = 0;
  now = 1000;
  readonly #pacer = new Pacer({ beat: this.beat, nap: { take: () => this.naps++ } });

  /** Whether the leg must wait after a read of `count` bytes. */
  read(count: number, asked?: number): boolean {
    return this.#pacer.pauseAfter(count, asked, this.now) !== undefined;
  }

  /** Whether each of the reads, `gap` ms apart, is followed by a nap. */
  reads(times: number, { count = 100, gap = 0, asked = 0 } = {}): boolean[] {
    return Array.from({ length: times }, () => {
      const before = this.naps;
      this.now += gap;
      assertEquals(this.read(count, asked), false);
      return this.naps > before;
    });
  }
}

Deno.test("a leg that has moved its share of a beat waits for the next one", () => {
  for (const asked of [undefined, 7]) {
    const paced = new Paced();
    assertEquals(paced.read(QUANTUM - 1, asked), false);
    assertEquals(paced.read(1, asked), true);
    paced.beat.count++;
    assertEquals(paced.read(QUANTUM - 1, asked), false);
    assertEquals(paced.read(QUANTUM, asked), true);
  }
});

Deno.test("a beat that others waited for gives a leg a new share", () => {
  const paced = new Paced();
  for (let i = 0; i < 10; i++) {
    assertEquals(paced.read(QUANTUM - 1), false);
    paced.beat.count++;
  }
});

for (
  const [what, options, waits] of [
    ["in quick succession", { gap: 0 }, [false, false, true, true]],
    ["just under three milliseconds apart", { gap: 2.9 }, [false, false, true, true]],
    ["three milliseconds apart", { gap: 3 }, [false, false, false, false]],
    ["of four KiB", { count: 4 << 10 }, [false, false, false, false]],
    ["just under four KiB", { count: (4 << 10) - 1 }, [false, false, true, true]],
  ] as const
) {
  Deno.test(`a backend's pieces ${what} are ${waits[3] ? "" : "not "}gathered`, () => {
    const paced = new Paced();
    assertEquals(paced.reads(4, options), [...waits]);
  });
}

Deno.test("a backend that only answers its client is worth no nap", () => {
  const paced = new Paced();
  for (let asked = 0; asked < 20; asked++) assertEquals(paced.reads(1, { count: 10, asked }), [false]);
});

Deno.test("a pause in a backend's pieces ends the gathering", () => {
  const paced = new Paced();
  assertEquals(paced.reads(3), [false, false, true]);
  assertEquals(paced.reads(1, { gap: 5 }), [false]);
  assertEquals(paced.reads(2), [false, true]);
});

Deno.test("a client is worth no nap, whatever the size of its pieces", () => {
  const paced = new Paced();
  for (let i = 0; i < 100; i++) assertEquals(paced.read(10), false);
  assertEquals(paced.naps, 0);
});

import { ClosingWatch, LONGEST_CLOSING_MS } from "../../lib/transport/closing_watch.ts";
import { CLOSING_MS } from "../../lib/transport/leg.ts";
import { assert, assertEquals } from "../harness/assert.ts";

/** A leg that is closing, to a peer that takes nothing or a byte each time somebody looks. */
class ClosingLeg {
  pending = 1;
  isRead = false;
  readonly began = performance.now();
  readonly #broken = Promise.withResolvers<number>();
  #written = 0;

  get written(): number {
    return this.isRead ? ++this.#written : this.#written;
  }

  abort(): void {
    this.#broken.resolve(performance.now() - this.began);
  }

  /** Resolves when the leg is broken, to the milliseconds that it had. */
  get broken(): Promise<number> {
    return this.#broken.promise;
  }
}

Deno.test("a leg that closes is broken once its peer takes nothing, and when its time is over", async () => {
  const [stuck, slow, hurried] = [new ClosingLeg(), new ClosingLeg(), new ClosingLeg()];
  slow.isRead = hurried.isRead = true;
  new ClosingWatch(stuck);
  new ClosingWatch(slow);
  new ClosingWatch(hurried).hurry();
  for (const leg of [hurried, stuck]) {
    const elapsed = await leg.broken;
    assert(elapsed >= CLOSING_MS && elapsed < LONGEST_CLOSING_MS, `after ${elapsed} ms`);
  }
  assert(await slow.broken >= LONGEST_CLOSING_MS);
});

Deno.test("a leg whose peer has been sent everything is left to itself, as is one that is closed", async () => {
  const [sent, closed, stuck] = [new ClosingLeg(), new ClosingLeg(), new ClosingLeg()];
  sent.pending = 0;
  const watches = [sent, closed, stuck].map((leg) => new ClosingWatch(leg));
  watches[1]?.stop();
  await stuck.broken;
  const left = Promise.resolve("left");
  assertEquals([await Promise.race([sent.broken, left]), await Promise.race([closed.broken, left])], ["left", "left"]);
  for (const watch of watches) watch.stop();
});

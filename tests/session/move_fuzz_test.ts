import { seeded } from "../harness/chunks.ts";
import { Story } from "./story.ts";

const SECONDS = Number(Deno.env.get("KURAFUTO_FUZZ_SECONDS") ?? 2);
const MIN_ROUNDS = 100;

Deno.test("whatever happens in whatever order, streams stay framed, worlds apart, and nothing is left at the end", () => {
  const given = Deno.env.get("KURAFUTO_FUZZ_SEED");
  const start = performance.now();
  let seed = Number(given ?? 1);
  do {
    try {
      new Story(seeded(seed)).play();
    } catch (error) {
      throw new Error(`Cannot tell story with KURAFUTO_FUZZ_SEED=${seed}`, { cause: error });
    }
    seed++;
  } while (given === undefined && (seed <= MIN_ROUNDS || performance.now() - start < SECONDS * 1_000));
});

/** Remembers players in the directory that the first argument names, without end, and prints the number of each that it has written. */
import { Recent } from "../../lib/routing/recent.ts";

const recent = new Recent(Deno.args[0], {
  onProblem: (message) => {
    throw new Error(message);
  },
});
const out = Deno.stdout;
for (let number = 0;; number++) {
  recent.remember(`Player${number}`, "lobby", `hub${number % 7}`);
  recent.write();
  out.writeSync(new TextEncoder().encode(`${number}\n`));
}

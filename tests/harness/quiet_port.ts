/** Ports for tests that have to name one beforehand. */

/** Below the range from which the system gives ports to those who ask for any (Linux: from 32768 on). */
const [LOWEST, HIGHEST] = [15_000, 30_000];

/** A port of every address of this machine that nobody listens at, and that the system gives to nobody. */
export function quietPort(): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

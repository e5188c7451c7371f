/** Signals to the process. */
import { ExitCode } from "./exit_code.ts";

/** Signals that do not exist on Windows, where adding a listener for them throws. */
const UNIX_ONLY: readonly Deno.Signal[] = ["SIGTERM", "SIGQUIT", "SIGUSR1"];

/** Calls `listener` at each `signal`, where the system has it. */
export function onSignal(signal: Deno.Signal, listener: () => void): void {
  if (Deno.build.os === "windows" && UNIX_ONLY.includes(signal)) return;
  Deno.addSignalListener(signal, listener);
}

/** Resolves with the first signal that asks to stop; the next one exits. */
export function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
      onSignal(signal, () => {
        if (asked) Deno.exit(ExitCode.Interrupted);
        asked = true;
        resolve(signal);
      });
    }
  });
}

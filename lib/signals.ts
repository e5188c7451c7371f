/** Signals to the process. */
import { ExitCode } from "./exit_code.ts";

/** Signals that do not exist on Windows, where adding a listener for them throws. */
const UNIX_ONLY: readonly Deno.Signal[] = ["SIGTERM", "SIGQUIT", "SIGUSR1"];

/** Calls `listener` at each `signal`, where the system has it. */
export function onSignal(signal: Deno.Signal, listener: () => void): void {
  if (Deno.build.os === "windows" && UNIX_ONLY.includes(signal)) return;
  Deno.addSignalListener(signal, listener);
}

/** Whoever asks the process to stop: the first one is heard, the next one ends it at once. */
export class StopRequests {
  readonly #first = Promise.withResolvers<string>();
  #isAsked = false;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) onSignal(signal, () => this.ask(signal));
  }

  /** Resolves with who asked first: a signal's name, or what {@linkcode ask} was told. */
  get first(): Promise<string> {
    return this.#first.promise;
  }

  ask(by: string): void {
    if (this.#isAsked) Deno.exit(ExitCode.Interrupted);
    this.#isAsked = true;
    this.#first.resolve(by);
  }
}

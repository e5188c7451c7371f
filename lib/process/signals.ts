/** Signals to the process. */
import { ExitCode } from "./exit_code.ts";

/** Signals that do not exist on Windows, where adding a listener for them throws. */
const UNIX_ONLY: readonly Deno.Signal[] = ["SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/** Calls `listener` at each `signal`, where the system has it. */
function onSignal(signal: Deno.Signal, listener: () => void): void {
  if (Deno.build.os === "windows" && UNIX_ONLY.includes(signal)) return;
  Deno.addSignalListener(signal, listener);
}

/**
 * From now on neither Ctrl-C nor TERM nor the end of the terminal ends the process: the first of them aborts the signal, the second ends
 * it.
 */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  const interrupt = (): void => {
    if (interrupted.signal.aborted) Deno.exit(ExitCode.Interrupted);
    interrupted.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) onSignal(signal, interrupt);
  return interrupted.signal;
}

/** Signals that order something of an edge. */
const ORDERS = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** What is done at each of them. */
export type Obedience = Readonly<Record<typeof ORDERS[number], () => void>>;

/** Orders to an edge. From the moment this is made none of them ends the process: one that comes early is for the edge that comes up. */
export class Orders {
  readonly #obedience = Promise.withResolvers<Obedience>();

  constructor() {
    for (const signal of ORDERS) onSignal(signal, () => void this.#obedience.promise.then((obey) => obey[signal]()));
  }

  /** Carries out those that have come, and all that come from now on. */
  obey(obedience: Obedience): void {
    this.#obedience.resolve(obedience);
  }
}

/**
 * Whoever asks the process to stop: the first one is heard. A second signal ends it at once, as does QUIT behind any request; one that
 * follows a request of another kind does not, since containers are first asked to drain and then sent TERM.
 */
export class StopRequests {
  readonly #first = Promise.withResolvers<string>();
  #isAsked = false;
  #isSignalled = false;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) onSignal(signal, () => this.#signalled(signal));
  }

  /** Resolves with who asked first: a signal's name, or what {@linkcode ask} was told. */
  get first(): Promise<string> {
    return this.#first.promise;
  }

  ask(by: string): void {
    this.#isAsked = true;
    this.#first.resolve(by);
  }

  #signalled(signal: Deno.Signal): void {
    if (this.#isSignalled || (this.#isAsked && signal === "SIGQUIT")) Deno.exit(ExitCode.Interrupted);
    this.#isSignalled = true;
    this.ask(signal);
  }
}

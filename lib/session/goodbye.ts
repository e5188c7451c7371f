/** The last phase: everything is said, the legs are closing. */
import type { Phase } from "./phase.ts";
import type { Stage } from "./reasons.ts";

/** Nothing that still arrives matters; the session is over when the last leg is gone. */
export class Goodbye implements Phase {
  readonly kickable = false;

  /** @param stage The stage in which the session ended. */
  constructor(readonly stage: Stage) {}

  fromClient(): void {}
  fromBackend(): void {}
  opened(): void {}
  eof(): void {}
  failed(): void {}
  gone(): void {}
  admitted(): void {}
  dispose(): void {}
}

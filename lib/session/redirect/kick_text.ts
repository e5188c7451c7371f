/** Signal: a backend's kick whose text ends in ` @NAME`. It works with every server, e.g. `/kick Steve see you @lobby`. */

const ENDING = / @([A-Za-z0-9_.-]{1,32})$/;

/** What decides whether a kick may send the player anywhere. */
export interface SendingRules {
  /** Whether a backend or pool has that name. */
  isKnown(name: string): boolean;
  /** Whether the player may be moved once more because a server wants it, which then counts. */
  allows(): boolean;
}

/** Where a kick sends the player; `undefined` where it names nothing, or nothing that there is, or they were sent too often. */
export function sentTo(kick: string, { isKnown, allows }: SendingRules): string | undefined {
  const to = kickTarget(kick);
  return to !== undefined && isKnown(to) && allows() ? to : undefined;
}

/** The backend or pool that a kick names; `undefined` where it names none. */
export function kickTarget(text: string): string | undefined {
  return ENDING.exec(text)?.[1];
}

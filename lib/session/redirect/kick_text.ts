/** Signal: a backend's kick whose text ends in ` @NAME`. It works with every server, e.g. `/kick Steve see you @lobby`. */

const ENDING = / @([A-Za-z0-9_.-]{1,32})$/;

/** The backend or pool that a kick names; `undefined` where it names none. */
export function kickTarget(text: string): string | undefined {
  return ENDING.exec(text)?.[1];
}

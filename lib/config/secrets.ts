/** Keys of which no message must show the value. */
export const SECRETS: ReadonlySet<string | number | undefined> = new Set(["token", "salt"]);

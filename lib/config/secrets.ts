/** Keys of which no message must show the value. */
export const SECRETS: ReadonlySet<string | number | undefined> = new Set(["token", "salt"]);

/** What stands for a secret. */
const MASK = "***";

/** `value`, as a file would say it, with what is secret masked: the whole, or name and password in a URL. */
export function withoutSecrets(key: string, value: string): string {
  if (SECRETS.has(key)) return value === '""' ? value : JSON.stringify(MASK);
  return value.replace(/^("https?:\/\/)[^/?#]*@/i, `$1${MASK}@`);
}

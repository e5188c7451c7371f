/** What became of a heartbeat. */
export type Verdict =
  /** The list has the server; `url` is where players start to play. */
  | { readonly kind: "listed"; readonly url: string }
  | NotListed;

/** The list does not have the server, or did not say that it has. */
export interface NotListed {
  readonly kind: "not-listed";
  readonly reason: NotListedReason;
  /** What is wrong, in words for the operator; bounded, without control characters, the same for the same fault. */
  readonly explanation: string;
  /** What the operator can do. */
  readonly advice: string;
}

/** No answer was had (`unreachable`, `late`), or it was the list's own refusal or no answer of a list at all. */
export type NotListedReason = "unreachable" | "late" | "refused" | "redirected" | "http-error" | "unreadable";

/** What others wrote, at most `most` code points of it, on one line and in quotation marks. */
export function quote(text: string, most: number): string {
  const points = Array.from(text.replaceAll(/[\s\p{C}]+/gu, " ").trim());
  return `"${points.length > most ? `${points.slice(0, most).join("")}…` : points.join("")}"`;
}

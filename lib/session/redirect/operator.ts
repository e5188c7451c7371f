/** Signal: a call by the operator's own code, for the admin interface. */
import type { Destination } from "../routes.ts";

/** What becomes of a request for a move. */
export type MoveAnswer =
  /** The player is on their way. Whether they arrive is told by an event. */
  | { readonly kind: "begun"; readonly to: string }
  | { readonly kind: "refused"; readonly why: string };

/** Why nobody can be sent there, for operators and servers. */
export function refusalOf(destination: Exclude<Destination, { kind: "open" }>): string {
  switch (destination.kind) {
    case "here":
      return "is there already";
    case "closed":
      return destination.why;
    case "unknown":
      return destination.nearest === undefined ? "unknown" : `unknown, nearest is ${destination.nearest}`;
  }
}

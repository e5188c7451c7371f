/** Signal: the player's backend was lost, or has kicked the player. */
import type { Loss } from "../place.ts";
import { kickTarget, type SendingRules } from "./kick_text.ts";

/** What becomes of a player whose backend was lost. */
export type Remedy =
  | { readonly kind: "go"; readonly to: string }
  | { readonly kind: "fallback" }
  /** The kick is the player's. */
  | { readonly kind: "kick"; readonly text: string };

/** What the network says about a kick. */
export interface KickRules extends SendingRules {
  readonly onKick: "disconnect" | "fallback";
}

/** A kick that names a target moves; any other one is the player's, unless the pool wants its players back. */
export function remedyFor({ kick }: Loss, { onKick, isKnown, allows }: KickRules): Remedy {
  if (kick === undefined) return { kind: "fallback" };
  const to = kickTarget(kick);
  const isTarget = to !== undefined && isKnown(to);
  if ((!isTarget && onKick === "disconnect") || !allows()) return { kind: "kick", text: kick };
  return isTarget ? { kind: "go", to } : { kind: "fallback" };
}

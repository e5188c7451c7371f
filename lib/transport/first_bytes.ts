import { V1_SIGNATURE, V2_SIGNATURE } from "./proxy_protocol.ts";
import { beginsWith } from "./signature.ts";

/**
 * What a peer speaks: Minecraft Classic, an HTTP request as WebSockets begin with, TLS, or the PROXY protocol; `"more"` where too little
 * is there to tell, `"unknown"` for everything else.
 */
export type Language = "classic" | "http" | "tls" | "proxy" | "more" | "unknown";

const BEGINNINGS: readonly (readonly [language: Language, signature: readonly number[]])[] = [
  // The id of Identification.
  ["classic", [0x00]],
  // `GET `.
  ["http", [0x47, 0x45, 0x54, 0x20]],
  // The content type of a handshake record.
  ["tls", [0x16]],
  ["proxy", V1_SIGNATURE],
  ["proxy", V2_SIGNATURE],
];

/** Tells from the first bytes of a connection what the peer speaks. */
export function languageOf(bytes: Uint8Array): Language {
  let language: Language = "unknown";
  for (const [candidate, signature] of BEGINNINGS) {
    const answer = beginsWith(bytes, signature);
    if (answer === "yes") return candidate;
    if (answer === "more") language = "more";
  }
  return language;
}

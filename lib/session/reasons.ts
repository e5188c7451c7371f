/**
 * Why sessions end. With {@linkcode TURNED_AWAY} it is all that kicks, logs, metrics and the manual draw from.
 *
 * `by` is who ended it: C the client, S the backend, P the edge itself, O the operator. `text` is what the player reads, up to 53
 * characters so that the code behind it fits; reasons without one close without a word, because nobody is left to read it or the
 * peer does not speak Classic.
 */
export const REASONS = {
  "client-left": { by: "C" },
  "client-reset": { by: "C" },
  "not-classic": { by: "P" },
  "unsupported-protocol": { by: "P", text: "Use a Classic client, 0.0.16a to 0.30" },
  "bad-name": { by: "P", text: "Names have 1 to 16 letters, digits, _ or ." },
  "long-name": { by: "P", text: "Your name is too long for this network" },
  "wrong-key": { by: "P", text: "Login failed! Close the game and sign in again" },
  "too-many-connections": { by: "P", text: "Too many connections from your address" },
  "too-many-logins": { by: "P", text: "Too many are logging in, please try again" },
  "connecting-too-fast": { by: "P", text: "You connect too often, please wait a little" },
  "banned": { by: "O", text: "You are banned here" },
  "not-allowed": { by: "O", text: "Only players on the list may come in now" },
  "edge-full": { by: "P", text: "The network is full, please try again soon" },
  "name-taken": { by: "P", text: "Somebody of your name is playing already" },
  "replaced": { by: "C", text: "You have logged in from somewhere else" },
  "bad-extensions": { by: "P", text: "Your client's extension list makes no sense" },
  "bad-packet": { by: "P", text: "Your client sent something that makes no sense" },
  "packet-flood": { by: "P", text: "Your client sends too much" },
  "chat-flood": { by: "P", text: "You chat too much, please slow down" },
  "early-flood": { by: "P", text: "Your client sent too much before it was in" },
  "login-timeout": { by: "P", text: "Your login took too long" },
  "client-too-slow": { by: "P", text: "Your connection is too slow" },
  "no-backend": { by: "P", text: "No server can take you now, please try again soon" },
  "backend-kick": { by: "S" },
  "backend-closed": { by: "S", text: "The server closed the connection" },
  "backend-lost": { by: "S", text: "The connection to the server was lost" },
  "backend-broken": { by: "S", text: "The server sent something that makes no sense" },
  "backend-stalled": { by: "S", text: "The server has gone silent" },
  "endless-map": { by: "S", text: "The server's map never ends" },
  "kicked": { by: "O", text: "You were kicked" },
  "shutdown": { by: "O", text: "The network is going down, please come back soon" },
  "internal-error": { by: "P", text: "Something went wrong here, please try again" },
} as const satisfies Record<string, { readonly by: EndedBy; readonly text?: string }>;

/**
 * Why connections do not become sessions: the peer left without a byte (as port checks do) or before it could be told what it
 * speaks; does not speak Classic, or something that the listener does not take; sent a PROXY header or an HTTP request that makes no
 * sense; did not manage the handshake of TLS; did not come to Classic in time; or was given up for another reason, such as the
 * end of the program.
 */
export const TURNED_AWAY = [
  "empty",
  "cut-short",
  "not-classic",
  "bad-proxy-header",
  "bad-http",
  "bad-tls",
  "too-slow",
  "given-up",
] as const;

/** One of {@linkcode TURNED_AWAY}. */
export type TurnedAway = typeof TURNED_AWAY[number];

/** Who ended a session. */
export type EndedBy = "C" | "S" | "P" | "O";

/** Why a session ended. */
export type Reason = keyof typeof REASONS;

/**
 * In which stage a session ended: A the client's handshake, D finding and dialling a backend, M loading the first map, P play.
 */
export type Stage = "A" | "D" | "M" | "P";

/** What the player reads about `reason`; `undefined` where the session closes without a word. */
export function reasonText(reason: Reason): string | undefined {
  const entry = REASONS[reason];
  return "text" in entry ? entry.text : undefined;
}

/** The two letters of a session's end: who ended it, in which stage. */
export function endCode(reason: Reason, stage: Stage): string {
  return REASONS[reason].by + stage;
}

/** What players read at the end of a kick, and operators find the session by: `code` of {@linkcode endCode}, and the session's id. */
export function kickCode(code: string, session: string): string {
  return `${code}-${session}`;
}

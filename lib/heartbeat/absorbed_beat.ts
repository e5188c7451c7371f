/** What a backend says in a heartbeat: the form that servers post to the public server list. */

/** One heartbeat. */
export interface AbsorbedBeat {
  /** The TCP port the backend listens on. */
  readonly port: number;
  /** Players on it, as it counts them; behind the edge it may take them all for one. */
  readonly players: number;
  readonly maxPlayers: number;
  /** What it checks its players' keys with. A secret. */
  readonly salt: string;
  /** At most 256 characters; empty where it says none. */
  readonly name: string;
  /** Free text of at most 256 characters; empty where it says none. */
  readonly software: string;
  /** Whether it wants to be seen by everybody in the list. */
  readonly public: boolean;
  /** Protocol version, 7 where it says none. */
  readonly version: number;
  /** Whether it says that it speaks WebSocket. */
  readonly web: boolean;
}

/** A beat, or why a form is none: which field is wrong and what it must be, never what it is, since that may hold the salt. */
export type BeatReading =
  | { readonly kind: "beat"; readonly beat: AbsorbedBeat }
  | { readonly kind: "fault"; readonly fault: string };

/** Most bytes of a form. The longest name a list takes needs 3 KiB. */
export const LONGEST_FORM = 4096;

/** More than any server has; keeps sums of them exact. */
const MOST_PLAYERS = 1_000_000;
/** Characters of a name that lists take. */
const LONGEST_TEXT = 256;
const SALT = /^[!-~]{1,64}$/;
const DEFAULT_VERSION = 7;

/**
 * Reads the body of a POST or the query of a GET. A leading `&` is no matter, and of repeated fields the first counts. `port`,
 * `max`, `users` and `salt` must be there.
 */
export function readBeat(form: string): BeatReading {
  const fields = new URLSearchParams(form);
  const faults: string[] = [];
  const number = (field: string, least: number, most: number, otherwise?: number): number => {
    const text = fields.get(field);
    if (text === null && otherwise !== undefined) return otherwise;
    const value = /^\d{1,7}$/.test(text ?? "") ? Number(text) : NaN;
    if (text === null) faults.push(`'${field}' is missing`);
    else if (!(value >= least && value <= most)) {
      faults.push(`'${field}' must be a whole number from ${least} to ${most}`);
    }
    return value;
  };
  const text = (field: string): string => Array.from(fields.get(field) ?? "").slice(0, LONGEST_TEXT).join("");
  const flag = (field: string): boolean => fields.get(field)?.toLowerCase() === "true";
  const salt = fields.get("salt");
  const beat: AbsorbedBeat = {
    port: number("port", 1, 65_535),
    players: number("users", 0, MOST_PLAYERS),
    maxPlayers: number("max", 0, MOST_PLAYERS),
    salt: salt ?? "",
    name: text("name"),
    software: text("software"),
    public: flag("public"),
    version: number("version", 0, 255, DEFAULT_VERSION),
    web: flag("web"),
  };
  if (salt === null) faults.push("'salt' is missing");
  else if (!SALT.test(salt)) faults.push("'salt' must be 1 to 64 printable ASCII characters without spaces");
  return faults.length === 0 ? { kind: "beat", beat } : { kind: "fault", fault: faults.join(", ") };
}

/** What a heartbeat says: the form that MCGalaxy 1.9.5.3 was seen to post, field by field. */
import manifest from "../../deno.json" with { type: "json" };

/** This program, as it names itself to server lists. */
export const SOFTWARE = `Kurafuto ${manifest.version}`;

/** What a server list is told about one listener. */
export interface Facts {
  /** The port players dial, at the IPv4 address that the heartbeat comes from. */
  readonly port: number;
  /** Most players. */
  readonly max: number;
  /** Name of the server; may have colour codes. */
  readonly name: string;
  /** Whether the list shows the server to everyone. */
  readonly public: boolean;
  /** What the list makes players' keys with. */
  readonly salt: string;
  /** Players that are there. */
  readonly users: number;
  /** Name and version of the program, shown in the list. */
  readonly software: string;
  /** Whether browsers can play. */
  readonly web: boolean;
}

/** Version of the Classic protocol. */
const PROTOCOL_VERSION = 7;
/** Code points of a name that lists take. */
const LONGEST_NAME = 256;
const COLOUR_CODE = /&[0-9a-f]/gi;

/** The body to post, ASCII. Lists show names without colours, so that colour codes are left out. */
export function formatBeat(facts: Facts): string {
  const name = Array.from(facts.name.replaceAll(COLOUR_CODE, "")).slice(0, LONGEST_NAME).join("");
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["port", String(facts.port)],
    ["max", String(facts.max)],
    ["name", name],
    ["public", flag(facts.public)],
    ["version", String(PROTOCOL_VERSION)],
    ["salt", facts.salt],
    ["users", String(facts.users)],
    ["software", facts.software],
    ["web", flag(facts.web)],
  ];
  return fields.map(([name, value]) => `&${name}=${encodeURIComponent(value.toWellFormed())}`).join("");
}

function flag(value: boolean): string {
  return value ? "True" : "False";
}

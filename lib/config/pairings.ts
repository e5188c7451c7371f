import { isLocal, parseAddress } from "./address.ts";
import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { HEARTBEAT_URL } from "./schema.ts";
import { formatDuration, parseDuration } from "./units.ts";

/** Salts of one service that may count beside the one of now. */
export const MAX_RETIRED_SALTS = 8;

/** What is wrong between settings that only make sense together, each of which is right by itself. */
export function checkPairings(document: Document): ConfigProblem[] {
  return [
    ...halfCertificates(document),
    ...distantLoopbacks(document),
    ...longOverlap(document),
    ...repeatedServices(document),
    ...sharedFile(document),
    ...namelessProgram(document),
  ];
}

/** A certificate without its key, or a key without its certificate. */
function halfCertificates(document: Document): ConfigProblem[] {
  return document.tables("listener").flatMap(({ table, path }) => {
    const given = ["tls_cert", "tls_key"].filter((key) => isFilled(table[key]));
    const [key = ""] = given;
    const missing = key === "tls_cert" ? "tls_key" : "tls_cert";
    if (given.length !== 1) return [];
    return [problem(document, [...path, key], `Cannot use ${key} without ${missing}`, "set both or neither")];
  });
}

/** Only a server on this machine sees addresses 127.x.y.z. */
function distantLoopbacks(document: Document): ConfigProblem[] {
  return document.tables("backend").flatMap(({ table, path }) => {
    if (table.forward_ip !== "loopback" || isIpv4Loopback(table.address)) return [];
    const message = "Cannot dial from 127.x.y.z as address is none of 127.0.0.0/8";
    return [problem(document, [...path, "forward_ip"], message, "forward addresses another way, or dial 127.0.0.1")];
  });
}

function isIpv4Loopback(value: unknown): boolean {
  try {
    const address = parseAddress(String(value));
    return address.kind === "tcp" && address.host.startsWith("127.") && isLocal(address);
  } catch {
    // The schema complains about it.
    return true;
  }
}

function longOverlap(document: Document): ConfigProblem[] {
  const rotation = durationAt(document, ["auth", "salt_rotation"], "24h");
  const overlap = durationAt(document, ["auth", "salt_overlap"], "1h");
  if (rotation === undefined || overlap === undefined || overlap <= MAX_RETIRED_SALTS * rotation) return [];
  const path: Path = document.valueAt(["auth", "salt_overlap"]) === undefined
    ? ["auth", "salt_rotation"]
    : ["auth", "salt_overlap"];
  const message = `Cannot let salts overlap for more than ${MAX_RETIRED_SALTS} times auth.salt_rotation`;
  return [problem(document, path, message, `salt_overlap may be ${formatDuration(MAX_RETIRED_SALTS * rotation)} here`)];
}

function durationAt(document: Document, path: Path, usual: string): number | undefined {
  try {
    return parseDuration(String(document.valueAt(path) ?? usual));
  } catch {
    // The schema complains about it.
    return undefined;
  }
}

/** Two heartbeats of one listener to one host would share a salt, and the list would see two salts for one server. */
function repeatedServices(document: Document): ConfigProblem[] {
  const seen = new Set<string>();
  return document.tables("heartbeat").flatMap(({ table, path }) => {
    const { url = HEARTBEAT_URL } = table;
    if (typeof url !== "string" || !URL.canParse(url)) return [];
    const service = `${table.listener} ${new URL(url).host}`;
    if (!seen.has(service)) {
      seen.add(service);
      return [];
    }
    const place = [...path, table.url === undefined ? "listener" : "url"];
    return [problem(document, place, "Cannot publish a listener twice to one host", "take one out")];
  });
}

/** Lines of both would mix. */
function sharedFile(document: Document): ConfigProblem[] {
  const path = ["events", "file"];
  const file = document.valueAt(path);
  if (!isFilled(file) || file !== document.valueAt(["log", "file"])) return [];
  return [problem(document, path, "Cannot write events to the file of the log", "name another file")];
}

function namelessProgram(document: Document): ConfigProblem[] {
  const path = ["events", "command", 0];
  if (document.valueAt(path) !== "") return [];
  return [problem(document, path, "Cannot start a program without a name", "write it first, or [] for none")];
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== "";
}

function problem(document: Document, path: Path, message: string, mend: string): ConfigProblem {
  return document.problem(path, `${message}: ${currentValue(document.valueAt(path))} (${mend})`);
}

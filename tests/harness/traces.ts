import { clientSet, ExtensionSet } from "../../lib/protocol/extensions.ts";
import {
  type Dialect,
  type Direction,
  knownSizes,
  type Packet,
  packetById,
  type ProtocolVersion,
} from "../../lib/protocol/packet_table.ts";
import { readPacket } from "../../lib/protocol/packets.ts";
import { splitPackets } from "./reference_splitter.ts";
import { websocketPayload } from "./websocket_payload.ts";

const FOLDER = new URL("../../../shared/traces/", import.meta.url);
const MAGIC = 0x42;
const MAGIC_AT = 130;

/** One recorded session between a real client and a real server. */
export interface Trace {
  readonly name: string;
  /** Everything the client sent, without WebSocket framing. */
  readonly c2s: Uint8Array;
  /** Everything the server sent, without WebSocket framing. */
  readonly s2c: Uint8Array;
  /** What the server announced. */
  readonly announced: ExtensionSet;
  /** What the client listed. */
  readonly listed: ExtensionSet;
  /** How the connection was spoken once both lists had been exchanged. */
  readonly dialect: Dialect;
  /** Milliseconds since the first byte, direction and length of each read of the recorder. */
  readonly timeline: readonly (readonly [milliseconds: number, direction: Direction, length: number])[];
}

/** One packet of a recording. */
export interface RecordedPacket {
  readonly packet: Packet;
  /** The packet with its id. */
  readonly bytes: Uint8Array;
  /** Where in its stream it begins. */
  readonly start: number;
}

/** Every recording, by name; none, with a printed reason, where the recordings are not there. */
export function traces(): readonly Trace[] {
  const names = recordingNames();
  if (names.length === 0) console.warn(`skipped: no recorded sessions in ${FOLDER.pathname}`);
  return names.map(loadTrace);
}

/** The packets of one direction of a recording. Throws where the stream does not end with a packet. */
export function* frames(trace: Trace, direction: Direction): Generator<RecordedPacket> {
  const stream = trace[direction];
  const sizes = knownSizes(direction, trace.dialect);
  const { packets, end, outcome } = splitPackets(stream, (id) => sizes[id] ?? 0);
  if (outcome !== "complete") throw new Error(`Cannot split ${trace.name}.${direction}: ${outcome} at ${end}`);
  for (const span of packets) {
    const packet = packetById(direction, stream[span.start] ?? 0);
    if (packet === undefined) throw new Error(`Cannot name a packet of ${trace.name}.${direction} at ${span.start}`);
    yield { packet, bytes: stream.subarray(span.start, span.end), start: span.start };
  }
}

function recordingNames(): readonly string[] {
  try {
    const suffix = ".c2s.bin";
    const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
    return files.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function loadTrace(name: string): Trace {
  const read = (suffix: string): Uint8Array => {
    const bytes = Deno.readFileSync(new URL(`${name}.${suffix}`, FOLDER));
    return name.endsWith(".websocket") ? websocketPayload(bytes) : bytes;
  };
  const [c2s, s2c] = [read("c2s.bin"), read("s2c.bin")];
  // The Identification's second byte is the version; the recordings are of versions 3 to 7 only.
  const protocol = (c2s[1] ?? 0) as ProtocolVersion;
  const plain: Dialect = { protocol, cpe: c2s[MAGIC_AT] === MAGIC, extensions: ExtensionSet.EMPTY };
  const announced = plain.cpe ? listedIn(s2c, "s2c", plain) : { appName: "", extensions: ExtensionSet.EMPTY };
  const listed = plain.cpe ? listedIn(c2s, "c2s", plain) : { appName: "", extensions: ExtensionSet.EMPTY };
  return {
    name,
    c2s,
    s2c,
    announced: announced.extensions,
    listed: listed.extensions,
    dialect: { ...plain, extensions: clientSet(announced.extensions, listed.extensions, listed.appName) },
    timeline: JSON.parse(Deno.readTextFileSync(new URL(`${name}.timeline.json`, FOLDER))),
  };
}

/** The list of extensions in a stream: all its entries come before anything that an extension could resize. */
function listedIn(
  stream: Uint8Array,
  direction: Direction,
  plain: Dialect,
): { appName: string; extensions: ExtensionSet } {
  const sizes = knownSizes(direction, plain);
  let appName = "";
  let missing = Infinity;
  let extensions = ExtensionSet.EMPTY;
  for (let at = 0; at < stream.length && missing > 0; at += sizes[stream[at] ?? 0] || stream.length) {
    const name = packetById(direction, stream[at] ?? 0)?.name;
    if (name === "ExtInfo") ({ appName, count: missing } = readPacket("ExtInfo", plain, stream, at));
    if (name !== "ExtEntry") continue;
    const entry = readPacket("ExtEntry", plain, stream, at);
    extensions = extensions.with(entry.extension, entry.version);
    missing--;
  }
  return { appName, extensions };
}

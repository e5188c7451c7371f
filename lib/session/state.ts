/**
 * A session's state as it goes from one process to another, perhaps of another release.
 *
 * In it: who the player is, with the key they have shown; the extensions of both legs; where they are and, in line, where they want
 * to go; every partial packet; what backends did to the client; counters, deadlines and watches. Times are relative, as clocks
 * differ; what passes between writing and reading is not counted.
 *
 * Not in it, and so the caller's: the session's id, listener and mode, the player's address, what is shown to operators of their
 * software, bytes that the driver has not written yet, the place that the name and the address take up.
 */
import { EXTENSIONS, ExtensionSet, isExtensionName } from "../protocol/extensions.ts";
import { LEFTOVER_NAMES, type LeftoverState } from "../protocol/leftovers.ts";
import { GZIP_TRAILER_SIZE, type SplicerState } from "../protocol/level.ts";
import { LEVEL_CHUNK_SIZE } from "../protocol/level_packets.ts";
import { memo } from "../protocol/memo.ts";
import {
  type Dialect,
  legalSizes,
  MAX_PACKET_SIZE,
  packetNamed,
  packetSize,
  type ProtocolVersion,
} from "../protocol/packet_table.ts";
import { TEXT_SIZE } from "../protocol/text.ts";
import type { FastMapLevelState, LevelStreamState } from "../protocol/translate/fast_map_level.ts";
import type { ToClientState } from "../protocol/translate/to_client.ts";
import { sizesOfBackend } from "./backend_login.ts";
import { type LineState, MAX_PARTS } from "./chat_line.ts";
import type { ClientState, Spawn } from "./client_side.ts";
import type { CoreState } from "./core.ts";
import type { FloodState } from "./flood.ts";
import type { Identity } from "./identification.ts";
import {
  anyNumber,
  bytes,
  converted,
  flag,
  kinds,
  list,
  object,
  oneOf,
  optional,
  type Shape,
  ShapeFault,
  text,
  whole,
} from "./json_shape.ts";
import type { MapState } from "./map_watch.ts";
import type { MoveRequest, QueuedMove } from "./move.ts";
import type { PlaceState } from "./place.ts";
import type { PlayState } from "./play.ts";
import { type Leg, MOST_VISITS, type SessionBytes } from "./port.ts";
import type { RecordState } from "./record.ts";
import type { RedirectsState } from "./redirect/redirects.ts";
import type { Wish } from "./routes.ts";
import type { SilenceState } from "./silence.ts";
import type { SpliceState } from "./splice.ts";
import type { WaitingRoomState } from "./waiting_room.ts";

/** The version of states that this release writes and reads. Whatever changes what a state means takes another one. */
export const STATE_VERSION = 1;

/** See the file's first lines. */
export interface SessionState extends CoreState {
  readonly version: typeof STATE_VERSION;
  /** Where the player is, in parse mode or in raw mode. */
  readonly stay: RedirectsState | SpliceState;
}

/** Bytes a state may have as it goes over; a usual one has two or three thousand. */
const MAX_SIZE = 64 << 10;
const MAX_NAME = 256;
const MAX_CAUSE = 4_096;
/** Ids of blocks are the largest set that is kept of a client, once defined and once moved. */
const MAX_NOTED = 2_048;
const MAX_MOVES_GRANTED = 16;
const MAX_SETS = 256;
const MESSAGE = packetNamed("PlayerMessage");

const count = whole(0, Number.MAX_SAFE_INTEGER);
const int32 = whole(-(2 ** 31), 2 ** 31 - 1);
const name = text(MAX_NAME);
const leg = whole(1, Number.MAX_SAFE_INTEGER);
const maybeMs = optional(anyNumber);

const partial = bytes(MAX_PACKET_SIZE - 1);

const extensions: Shape<ExtensionSet> = converted(
  text(4_096),
  memo(MAX_SETS, (set) => set.key, (set: ExtensionSet) => {
    return Array.from(set.entries(), ({ name, version }) => `${name} ${version}`).join(",");
  }),
  memo(MAX_SETS, (written) => written, readExtensions),
);

const identity: Shape<Identity> = object<Identity>({
  name: text(TEXT_SIZE),
  key: text(TEXT_SIZE),
  dialect: object<Dialect>({
    protocol: oneOf<ProtocolVersion>(3, 4, 5, 6, 7),
    cpe: flag,
    extensions,
  }),
  magic: optional(whole(0, 255)),
});

const record: Shape<RecordState> = object<RecordState>({
  backend: name,
  claimed: text(TEXT_SIZE),
  moves: count,
  visited: list(name, MOST_VISITS),
  tried: name,
  packets: object<RecordState["packets"]>({ fromClient: count, fromBackend: count }),
  reachedMsAgo: object<RecordState["reachedMsAgo"]>({ handshake: maybeMs, login: maybeMs, map: maybeMs }),
  bytes: object<SessionBytes>({ fromClient: count, toClient: count, fromBackend: count, toBackend: count }),
});

const flood: Shape<FloodState> = object<FloodState>({ left: anyNumber, countedMsAgo: anyNumber, told: flag });

const client: Shape<ClientState> = object<ClientState>({
  app: text(TEXT_SIZE),
  extensions,
  partial,
  packets: count,
  leftovers: list(
    object<LeftoverState>({ kind: oneOf(...LEFTOVER_NAMES), noted: list(int32, MAX_NOTED) }),
    LEFTOVER_NAMES.length,
  ),
  line: object<LineState>({ packets: bytes(MAX_PARTS * MAX_PACKET_SIZE), isTail: flag }),
  chatGate: flood,
  packetGate: flood,
  loading: flag,
  spawn: optional(object<Spawn>({ x: int32, y: int32, z: int32 })),
  levelsAsked: count,
  levelsAnswered: count,
});

const levelStream: Shape<LevelStreamState> = object<LevelStreamState>({
  splicer: object<SplicerState>({ volume: whole(0, 2 ** 31 - 1), isOver: flag, held: bytes(GZIP_TRAILER_SIZE) }),
  spliced: bytes(LEVEL_CHUNK_SIZE),
  percent: whole(0, 255),
});

const wish: Shape<Wish> = kinds<Wish>({
  join: object<Extract<Wish, { kind: "join" }>>({ kind: oneOf("join") }),
  go: object<Extract<Wish, { kind: "go" }>>({
    kind: oneOf("go"),
    to: name,
    by: oneOf("player", "backend", "operator"),
  }),
  fallback: object<Extract<Wish, { kind: "fallback" }>>({ kind: oneOf("fallback"), from: name, kicked: flag }),
});

const place: Shape<PlaceState> = kinds<PlaceState>({
  play: object<PlayState>({
    kind: oneOf("play"),
    backend: name,
    leg,
    extensions,
    partial,
    toClient: object<ToClientState>({
      mapHeight: int32,
      level: optional(object<FastMapLevelState>({ low: levelStream, upper: optional(levelStream) })),
    }),
    silence: object<SilenceState>({ heardMsAgo: anyNumber, asked: flag, msLeft: maybeMs }),
    map: optional(object<MapState>({ bytes: count, msLeft: maybeMs })),
    blameMsLeft: maybeMs,
  }),
  "waiting-room": object<WaitingRoomState>({
    kind: oneOf("waiting-room"),
    shown: list(text(TEXT_SIZE), 3),
    enteredMsAgo: anyNumber,
    chattedMsAgo: anyNumber,
    pingedMsAgo: anyNumber,
    msLeft: maybeMs,
  }),
});

const move: Shape<QueuedMove> = object<QueuedMove>({
  request: object<MoveRequest>({
    wish,
    signal: oneOf("plugin-message", "chat-sentinel", "kick-text", "player", "operator", "drain", "failure", "waiting"),
    to: name,
  }),
  last: text(MAX_CAUSE),
  toldPlace: flag,
  msLeft: maybeMs,
});

const session: Shape<SessionState> = object<SessionState>({
  version: oneOf(STATE_VERSION),
  acceptedMsAgo: anyNumber,
  identity,
  lastLeg: whole(0, Number.MAX_SAFE_INTEGER),
  pool: name,
  record,
  stay: kinds<SessionState["stay"]>({
    parse: object<RedirectsState>({
      kind: oneOf("parse"),
      client,
      place,
      move: optional(move),
      waitingFor: wish,
      why: text(MAX_CAUSE),
      grantedMsAgo: list(anyNumber, MAX_MOVES_GRANTED),
      fences: count,
    }),
    splice: object<SpliceState>({ kind: oneOf("splice"), backend: name, leg, gate: flood }),
  }),
});

/** A state as bytes. They contain the player's key: keep them to yourself. */
export function encodeState(state: SessionState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(session.write(state)));
}

/** The state that was encoded as `bytes`, or why it cannot be taken up; that never contains anything of the player's. */
export function decodeState(bytes: Uint8Array): SessionState | { readonly refused: string } {
  if (bytes.length > MAX_SIZE) {
    return refused(`Cannot read a state of more than ${MAX_SIZE} bytes: current value is ${bytes.length}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refused("Cannot read a state: current value is no JSON");
  }
  try {
    const state = session.read(json);
    const contradiction = contradictionIn(state);
    return contradiction === undefined ? state : refused(`Cannot take up a state: current value is ${contradiction}`);
  } catch (error) {
    if (error instanceof ShapeFault) return refused(error.message);
    throw error;
  }
}

/** The backend that the player is on, and the number of the leg to it; `undefined` in the waiting room. */
export function placeOf({ stay }: SessionState): { readonly backend: string; readonly leg: Leg } | undefined {
  const where = stay.kind === "parse" ? stay.place : stay;
  return where.kind === "waiting-room" ? undefined : where;
}

function refused(why: string): { readonly refused: string } {
  return { refused: why };
}

/** A set in which this release and the one that wrote it might mean different packets is refused. */
function readExtensions(written: string): ExtensionSet {
  let set = ExtensionSet.EMPTY;
  for (const entry of written === "" ? [] : written.split(",")) {
    const [name = "", version] = entry.split(" ");
    const known = EXTENSIONS.find((extension) => extension.name === name)?.version ?? 0;
    if (!isExtensionName(name) || !(Number(version) >= 1 && Number(version) <= known)) {
      throw new ShapeFault("an extension or a version that this release does not know");
    }
    set = set.with(name, Number(version));
  }
  return set;
}

/** What is wrong in a state whose single values are all possible. */
function contradictionIn(state: SessionState): string | undefined {
  const { identity: { dialect }, stay } = state;
  const leg = placeOf(state)?.leg ?? 0;
  if (leg > state.lastLeg) return `leg ${leg} above the last one, ${state.lastLeg}`;
  if (stay.kind === "splice") return undefined;
  const { line, partial, extensions } = stay.client;
  const spoken = { ...dialect, extensions };
  if (!isSubset(extensions, dialect.cpe ? ExtensionSet.ALL : ExtensionSet.EMPTY)) return "extensions without CPE";
  if (!isCut(partial, legalSizes("c2s", spoken))) return "a packet of the client that is none";
  if (!areParts(line.packets, packetSize(MESSAGE, spoken))) return "chat that is none";
  if (stay.place.kind === "waiting-room") return undefined;
  const { place } = stay;
  if (!isSubset(place.extensions, extensions)) return "extensions of the backend that the client does not have";
  if (!isCut(place.partial, sizesOfBackend({ ...spoken, extensions: place.extensions }))) {
    return "a packet of the backend that is none";
  }
  return undefined;
}

function isSubset(part: ExtensionSet, set: ExtensionSet): boolean {
  return part.key === set.key || part.intersect(set).key === part.key;
}

/** Whether a partial packet is the beginning of one, or there is none. */
function isCut(partial: Uint8Array, sizes: Uint16Array): boolean {
  return partial.length === 0 || partial.length < (sizes[partial[0] ?? 0] ?? 0);
}

function areParts(packets: Uint8Array, size: number): boolean {
  if (packets.length % size !== 0 || packets.length >= MAX_PARTS * size) return false;
  for (let at = 0; at < packets.length; at += size) if (packets[at] !== MESSAGE.id) return false;
  return true;
}

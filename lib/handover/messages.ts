/**
 * What two processes say to each other while one takes over from the other. Both may be of different releases, so that everything that
 * comes is checked, and the first word tells the version of all others.
 *
 * A message is the size of its head in 4 bytes, least significant first, the head as JSON, and behind it the bytes that the head
 * tells the sizes of.
 */
import * as z from "zod/mini";
import { currentValue } from "../config/current_value.ts";

/** The version of what is said here. A release that changes the meaning of anything counts it up. */
export const HANDOVER_VERSION = 2;

/** Largest number of anything that is counted. */
const MANY = 1 << 20;
/** Sessions of one message at most: more of them gain nothing, and all their descriptors fit into a parcel. */
export const MOST_SESSIONS = 16;
/** Problems of a configuration that are told at most, and characters of any text. */
export const MOST_PROBLEMS = 100;
export const LONGEST_TEXT = 4096;

/** Any number of `element` up to `most`. */
function list<T extends z.ZodMiniType>(element: T, most: number): z.ZodMiniReadonly<z.ZodMiniArray<T>> {
  return z.readonly(z.array(element).check(z.maxLength(most)));
}

const size = z.int().check(z.minimum(0), z.maximum(1 << 30));
const port = z.int().check(z.minimum(0), z.maximum(65_535));
const ms = z.number().check(z.minimum(0));
const text = z.string().check(z.maxLength(LONGEST_TEXT));
const endpoint = z.object({ address: text, port });

/** The one message whose form never changes. */
const hello = z.object({
  kind: z.literal("hello"),
  version: z.int(),
  /** The release, for people. */
  release: text,
  /** Versions of a session's written-down state that the taker reads. */
  states: list(z.int(), 64),
  pid: z.int().check(z.minimum(1)),
});

const listener = z.object({
  name: text,
  /** As the configuration has it: 0 for a port that was chosen by the system. */
  bind: z.object({ host: text, port }),
});

const backend = z.object({
  name: text,
  /** Whether it is given no more players, and whether those who are there are to go elsewhere. */
  closing: z.enum(["no", "drained", "emptied"]),
  /** Extensions that it has listed, with versions; absent where nobody has asked it yet. */
  offers: z.optional(list(z.readonly(z.tuple([text, z.int()])), MANY)),
  /** Whether it breaks off over a list of extensions. */
  refusesLists: z.boolean(),
});

const given = z.object({
  kind: z.literal("given"),
  /** A descriptor goes along for each, in this order. */
  listeners: list(listener, MANY),
  /** What was learned about backends. */
  backends: list(backend, MANY),
  /** Addresses that the giver leaves when the taker goes on; absent where its release does not tell. */
  leaving: z.optional(list(text, MANY)),
});

/** A session without what was written down by itself: who plays, and what the process knows about the connections. */
const passport = z.object({
  session: text,
  listener: text,
  mode: z.enum(["parse", "raw"]),
  player: text,
  /** What the client says it is. */
  client: text,
  arrival: z.object({
    source: endpoint,
    destination: endpoint,
    transport: z.enum(["tcp", "websocket"]),
    secure: z.boolean(),
    /** Milliseconds since the connection was accepted. */
    ageMs: ms,
  }),
  /** Milliseconds since the player is where they are. */
  thereMs: ms,
  /** Its connections; a descriptor goes along for each, in this order. */
  legs: list(z.object({ leg: z.int(), websocket: z.boolean() }), 8),
});

const sessions = z.object({
  kind: z.literal("sessions"),
  sessions: list(
    z.object({
      passport,
      /** Sizes of what follows: the session's state, and what is not written yet to each leg. */
      sizes: list(size, 9),
    }),
    MOST_SESSIONS,
  ),
});

/** Sessions that stay where they are, and come without descriptors: the taker only practises with them. None of them ends that. */
const samples = z.extend(sessions, { kind: z.literal("samples") });

const refusal = z.object({ session: text, why: text });

/** The taker will not take over. Said instead of anything else. */
const refused = z.object({
  kind: z.literal("refused"),
  why: text,
  /** What is wrong with the configuration or files that it names; absent where they are not to blame. */
  problems: z.optional(list(text, MOST_PROBLEMS)),
});

const MESSAGE = z.discriminatedUnion("kind", [
  hello,
  given,
  sessions,
  samples,
  /** The taker is ready to take over. */
  z.object({ kind: z.literal("ready") }),
  refused,
  /** That were all sessions which go over now. */
  z.object({
    kind: z.literal("handed"),
    sessions: size,
    /** Names of the players who stay for now, which nobody else may have meanwhile. */
    staying: list(text, MANY),
  }),
  /** The taker has all sessions but these. */
  z.object({ kind: z.literal("adopted"), refused: list(refusal, MANY) }),
  /** They are the taker's from now on. */
  z.object({ kind: z.literal("commit") }),
  /** The taker goes on with them. */
  z.object({ kind: z.literal("running") }),
]);

export type Hello = z.infer<typeof hello>;
export type GivenListener = z.infer<typeof listener>;
export type GivenBackend = z.infer<typeof backend>;
export type Passport = z.infer<typeof passport>;
export type SessionRefusal = z.infer<typeof refusal>;
type SessionsHead = z.infer<typeof sessions> | z.infer<typeof samples>;
type PlainMessage = Exclude<z.infer<typeof MESSAGE>, SessionsHead>;

/** A session on its way. */
export interface TravellingSession {
  readonly passport: Passport;
  /** What the session has written down about itself. */
  readonly state: Uint8Array;
  /** What is not written yet, for each leg of the passport. */
  readonly unsent: readonly Uint8Array[];
}

/** Everything that can be said. */
export type Message =
  | PlainMessage
  | { readonly kind: "sessions"; readonly sessions: readonly TravellingSession[] }
  | { readonly kind: "samples"; readonly sessions: readonly TravellingSession[] };

/** What was said, or why it cannot be understood. */
export type Reading = Message | { readonly kind: "unreadable"; readonly why: string };

const HEAD_SIZE = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** `message` as bytes. */
export function encodeMessage(message: Message): Uint8Array {
  if (message.kind !== "sessions" && message.kind !== "samples") return join(message, []);
  const parts: Uint8Array[] = [];
  const sessions = message.sessions.map(({ passport, state, unsent }) => {
    parts.push(state, ...unsent);
    return { passport, sizes: [state.length, ...unsent.map(({ length }) => length)] };
  });
  return join({ kind: message.kind, sessions }, parts);
}

/** What `bytes` say. What follows a head is a view of them. */
export function decodeMessage(bytes: Uint8Array): Reading {
  if (bytes.length < HEAD_SIZE) return unreadable("it is cut short");
  const headEnd = HEAD_SIZE + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (headEnd > bytes.length) return unreadable("it is cut short");
  const head = parseJson(bytes.subarray(HEAD_SIZE, headEnd));
  const { success, data, error } = MESSAGE.safeParse(head);
  if (!success) return unreadable(explained(error));
  return data.kind === "sessions" || data.kind === "samples" ? travelling(data, bytes.subarray(headEnd)) : data;
}

function travelling({ kind, sessions: heads }: SessionsHead, tail: Uint8Array): Reading {
  const sessions: TravellingSession[] = [];
  let at = 0;
  for (const { passport, sizes } of heads) {
    if (sizes.length !== passport.legs.length + 1) return unreadable("its parts are not those of its connections");
    const [state = tail, ...unsent] = sizes.map((size) => tail.subarray(at, at += size));
    sessions.push({ passport, state, unsent });
  }
  return at === tail.length ? { kind, sessions } : unreadable("its parts have other sizes");
}

function join(head: object, parts: readonly Uint8Array[]): Uint8Array {
  const json = encoder.encode(JSON.stringify(head));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, HEAD_SIZE + json.length));
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, HEAD_SIZE);
  let at = HEAD_SIZE + json.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function unreadable(why: string): Reading {
  return { kind: "unreadable", why: `Cannot understand what the other process says: ${why}` };
}

function explained({ issues: [issue] }: z.core.$ZodError): string {
  if (issue === undefined) return "it has another form";
  return `${issue.path.join(".") || "the message"}: ${issue.message}, ${currentValue(issue.input)}`;
}

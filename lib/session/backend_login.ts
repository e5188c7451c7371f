/** The backend's half of a login: replaying the client's handshake to it and learning what it speaks. */
import { ExtensionList, ExtensionSet, offerable } from "../protocol/extensions.ts";
import { Framer } from "../protocol/framer.ts";
import { memo } from "../protocol/memo.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { type Dialect, dialectKey, knownSizes, legalSizes, packetNamed } from "../protocol/packet_table.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { unknownPacket } from "../protocol/unknown_packet.ts";
import { EVERY_PACKET } from "./id_table.ts";
import { extensionList } from "./negotiation.ts";
import type { ListDelivery } from "./port.ts";

const IDENTIFICATION = packetNamed("ServerIdentification").id;
const PING = packetNamed("Ping").id;
const MESSAGE = packetNamed("Message").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;
const LEVEL_INITIALIZE = packetNamed("LevelInitialize").id;
const NOTHING = new Uint8Array(0);
/** Size tables kept; each is half a kilobyte. */
const MAX_TABLES = 64;

/** What a client lists to backends: ExtInfo and the entries of C. Empty for clients without CPE. Shared: do not change it. */
export function listOf(client: Dialect, clientApp: string): Uint8Array {
  return client.cpe ? extensionList(clientApp, offerable(client.extensions)) : NOTHING;
}

/** Sizes of what a backend of that dialect may send. */
export function sizesOfBackend(dialect: Dialect): Uint16Array {
  return dialect.cpe ? knownSizes("s2c", dialect) : legalSizes("s2c", dialect);
}

/** Sizes of what a backend may send a client of that dialect, whatever it lists; 0 where that depends on its list. Shared. */
const certainSizes: (client: Dialect) => Uint16Array = memo(MAX_TABLES, dialectKey, (client: Dialect) => {
  const most = sizesOfBackend(client);
  return sizesOfBackend(withoutExtensions(client)).map((size, id) => size === most[id] ? size : 0);
});

function withoutExtensions(client: Dialect): Dialect {
  return client.extensions.size === 0 ? client : { ...client, extensions: ExtensionSet.EMPTY };
}

/** What came of the backend's bytes so far. */
export type BackendStep =
  | { readonly kind: "more" }
  /** As accepted, but the backend is on trial and has shown no sign of CPE: it may yet break off over the list. */
  | { readonly kind: "doubtful" }
  | { readonly kind: "accepted" }
  | { readonly kind: "kicked"; readonly text: string }
  /** `logged` is what the log tells instead, where that is more. */
  | { readonly kind: "broken"; readonly detail: string; readonly logged?: string | undefined };

/**
 * How far a login goes before it counts: `"welcome"` to the point where the backend has taken the player, `"map"` until its map
 * begins, from which on nothing speaks against showing it to the client.
 */
export type LoginGoal = "welcome" | "map";

/**
 * Reads what a backend sends until it has taken the player and its dialect is certain. Servers say their Identification before
 * or after their extensions (cserver before, all others after), and some chat or set colours still earlier: all that is kept, in
 * order, except for the extensions themselves.
 */
export class BackendLogin {
  /** Holds what follows the packet that settled the login. */
  readonly framer: Framer;
  /** Whole packets to be handled as the first of play. */
  readonly held = new PacketBuffer(0);
  readonly #client: Dialect;
  readonly #maxHeld: number;
  readonly #goal: LoginGoal;
  readonly #listSent: boolean;
  #onTrial: boolean;
  #unsaid: Uint8Array;
  readonly #offer = new ExtensionList();
  #dialect: Dialect;
  /** Whether {@linkcode dialect} is certain, and what comes is framed with its sizes. */
  #listEnded: boolean;
  #missing: number | undefined;
  #identified = false;
  #mapBegun = false;
  #reached = false;

  /**
   * @param client C's dialect.
   * @param list What the client lists, for a backend that gets it on request.
   * @param maxHeld Bytes that may be held.
   */
  constructor(client: Dialect, delivery: ListDelivery, list: Uint8Array, maxHeld: number, goal: LoginGoal) {
    this.#client = client;
    this.#goal = goal;
    this.#listSent = client.cpe && delivery !== "on request";
    this.#onTrial = client.cpe && delivery === "on trial";
    this.#unsaid = delivery === "on request" ? list : NOTHING;
    this.#maxHeld = maxHeld;
    this.#dialect = withoutExtensions(client);
    this.#listEnded = client.extensions.size === 0;
    this.framer = new Framer(certainSizes(client), EVERY_PACKET);
  }

  /** B's dialect; certain once accepted. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  /** All that the backend offers, whether the client has it or not; `undefined` where a client without CPE cannot tell. */
  get offer(): ExtensionSet | undefined {
    return this.#client.cpe ? ExtensionSet.listed(this.#offer) : undefined;
  }

  /** Whether the backend was sent a list unasked and has shown no sign of CPE since. */
  get listUnanswered(): boolean {
    return this.#listSent && this.#missing === undefined;
  }

  /** Whether the backend took the player without a sign of CPE, although it was sent a list and nobody knows its manners. */
  get doubtful(): boolean {
    return this.#onTrial && this.#identified && this.#missing === undefined;
  }

  /** Whether the backend has said its Identification. */
  get welcomed(): boolean {
    return this.#identified;
  }

  /** Takes the backend at its word, without a sign of CPE. Returns whether the goal is reached by that. */
  believe(): boolean {
    this.#onTrial = false;
    return this.#accepted().kind === "accepted";
  }

  /**
   * Takes the backend's next bytes, also those behind the goal that cannot go to the client yet; an empty chunk takes what is left
   * of the last. `answer` sends to the backend.
   */
  push(chunk: Uint8Array, answer: (bytes: Uint8Array) => void): BackendStep {
    const { framer } = this;
    let doubtful = false;
    if (chunk.length > 0) framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      if (frame === "unknown") {
        // The first packet whose size depends on the list is behind it, whatever the backend has counted.
        if (this.#endList()) continue;
        return {
          kind: "broken",
          detail: `unknown packet ${framer.bytes[framer.start]}`,
          logged: unknownPacket(framer),
        };
      }
      const step = this.#packet(framer.bytes, framer.start, framer.end, answer);
      if (step.kind === "doubtful") doubtful = true;
      else if (step.kind !== "more") return step;
    }
    return { kind: doubtful ? "doubtful" : "more" };
  }

  #packet(bytes: Uint8Array, start: number, end: number, answer: (bytes: Uint8Array) => void): BackendStep {
    const id = bytes[start] ?? 0;
    switch (id) {
      case EXT_INFO:
        this.#missing = (this.#missing ?? 0) + Math.max(0, readPacket("ExtInfo", this.#dialect, bytes, start).count);
        answer(this.#unsaid);
        this.#unsaid = NOTHING;
        return this.#settled();
      case EXT_ENTRY:
        this.#addEntry(bytes, start);
        return this.#settled();
      case SUPPORT_LEVEL:
        answer(encodePacket("CustomBlockSupportLevel", this.#dialect, { level: 1 }));
        return { kind: "more" };
      case DISCONNECT:
        return { kind: "kicked", text: readPacket("DisconnectPlayer", this.#dialect, bytes, start).reason };
    }
    if (this.held.length + end - start > this.#maxHeld) {
      return { kind: "broken", detail: "too much before its login" };
    }
    this.held.append(bytes, start, end);
    if (id === LEVEL_INITIALIZE) {
      if (!this.#identified) return { kind: "broken", detail: "a map before its Identification" };
      this.#mapBegun = true;
    }
    if (this.#reached) return { kind: "more" };
    // A backend that breaks off over the list does so soon; this much later it has not.
    if (this.doubtful && this.held.length > this.#maxHeld / 2) return this.#accepted();
    if (id === IDENTIFICATION) {
      this.#identified = true;
      // An Identification behind some of the entries is behind all there will be.
      if (this.#missing !== undefined) this.#missing = 0;
      return this.#settled();
    }
    if (!this.#identified || id === PING || id === MESSAGE) return { kind: "more" };
    return this.doubtful ? { kind: "doubtful" } : this.#accepted();
  }

  /** The backend has taken the player: that may be all, or not yet. */
  #accepted(): BackendStep {
    if (this.#goal === "map" && !this.#mapBegun) return { kind: "more" };
    this.#endList();
    this.#reached = true;
    return { kind: "accepted" };
  }

  #addEntry(bytes: Uint8Array, start: number): void {
    const { extension, version } = readPacket("ExtEntry", this.#dialect, bytes, start);
    // The client reads only the low byte of a version.
    this.#offer.add(extension, version & 0xff);
    this.#missing = Math.max(0, (this.#missing ?? 0) - 1);
  }

  /**
   * Ends the list: B is what has come of it so far. What is held up to here has the same size in any dialect, so that it can be framed
   * once more with this one's. Returns whether the list had not ended before.
   */
  #endList(): boolean {
    if (this.#listEnded) return false;
    this.#listEnded = true;
    const { extensions } = this.#client;
    const common = offerable(extensions).intersect(ExtensionSet.listed(this.#offer));
    // In a network of equals the backend's dialect is the client's.
    this.#dialect = common.key === extensions.key ? this.#client : { ...this.#client, extensions: common };
    this.framer.sizes = sizesOfBackend(this.#dialect);
    return true;
  }

  /** Without CPE there are no extensions to wait for; with it, only their end or the map tells that there are no more. */
  #settled(): BackendStep {
    const certain = !this.#client.cpe || this.#missing === 0;
    return this.#identified && certain && !this.#reached ? this.#accepted() : { kind: "more" };
  }
}

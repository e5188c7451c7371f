/** A login that is never completed, made to see whether a backend answers and to learn what it offers. */
import { ExtensionSet } from "../protocol/extensions.ts";
import { Framer } from "../protocol/framer.ts";
import { knownSizes, packetNamed } from "../protocol/packet_table.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import { unknownPacket } from "../protocol/unknown_packet.ts";
import { CPE_MAGIC, dialectOf, NO_KEY } from "./identification.ts";
import { EVERY_PACKET } from "./id_table.ts";

const IDENTIFICATION = packetNamed("ServerIdentification").id;
const PING = packetNamed("Ping").id;
const MESSAGE = packetNamed("Message").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const DISCONNECT = packetNamed("DisconnectPlayer").id;

/** Milliseconds after its Identification in which a backend that knows CPE lists its extensions, as cserver does. */
const LIST_MS = 250;
const DIALECT = dialectOf(7, true);

/** What a probe knows by now. After anything but `more` the connection is to be closed. */
export type ProbeStep =
  /** Nothing certain; a tick at `wakeAt` or later concludes. */
  | { readonly kind: "more"; readonly wakeAt: number }
  /** The backend answers; what it offers is unknown where it turned the player away, for the reason in `note`. */
  | { readonly kind: "alive"; readonly offer: ExtensionSet | undefined; readonly note?: string }
  | { readonly kind: "failed"; readonly cause: string };

/**
 * Says who comes and that it knows CPE, and nothing else. A backend with CPE then lists its extensions and waits for the player's
 * own list, so that nobody joins; one from before CPE lets the player in until the connection is closed.
 */
export class LoginProbe {
  /** All there is to send: the Identification. */
  readonly hello: Uint8Array<ArrayBuffer>;
  readonly #framer = new Framer(knownSizes("s2c", DIALECT), EVERY_PACKET);
  #offer = ExtensionSet.EMPTY;
  /** Entries that are still to come; `undefined` before ExtInfo. */
  #missing: number | undefined;
  /** When a backend that has said its Identification is taken to know no CPE. */
  #listDueAt = Infinity;
  #identified = false;

  /**
   * @param name 1 to 16 of `[A-Za-z0-9_.]`.
   * @param key What proves the name to the backend. @default nothing does
   */
  constructor(name: string, key = "") {
    this.hello = encodePacket("PlayerIdentification", DIALECT, {
      protocol: DIALECT.protocol,
      username: name,
      key: key === "" ? NO_KEY : key,
      magic: CPE_MAGIC,
    });
  }

  /** Takes the backend's next bytes, at the time `now` in milliseconds. */
  push(chunk: Uint8Array, now: number): ProbeStep {
    const framer = this.#framer;
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      if (frame === "unknown") return { kind: "failed", cause: `sent ${unknownPacket(framer)}` };
      const step = this.#packet(framer.bytes, framer.start, now);
      if (step.kind !== "more") return step;
    }
    return this.#more;
  }

  /** Lets time pass without a byte, to `now` in milliseconds. */
  tick(now: number): ProbeStep {
    return now < this.#listDueAt ? this.#more : this.#alive();
  }

  get #more(): ProbeStep {
    return { kind: "more", wakeAt: this.#listDueAt };
  }

  #alive(): ProbeStep {
    return { kind: "alive", offer: this.#offer };
  }

  #packet(bytes: Uint8Array, start: number, now: number): ProbeStep {
    const id = bytes[start] ?? 0;
    switch (id) {
      case EXT_INFO:
        this.#listDueAt = Infinity;
        this.#missing = (this.#missing ?? 0) + Math.max(0, readPacket("ExtInfo", DIALECT, bytes, start).count);
        return this.#missing === 0 ? this.#alive() : this.#more;
      case EXT_ENTRY: {
        const { extension, version } = readPacket("ExtEntry", DIALECT, bytes, start);
        // Clients read only the low byte of a version.
        this.#offer = this.#offer.with(extension, version & 0xff);
        this.#missing = (this.#missing ?? 1) - 1;
        return this.#missing === 0 ? this.#alive() : this.#more;
      }
      case DISCONNECT:
        return { kind: "alive", offer: undefined, note: readPacket("DisconnectPlayer", DIALECT, bytes, start).reason };
      case IDENTIFICATION:
        // An Identification behind some of the entries is behind all there will be.
        if (this.#missing !== undefined) return this.#alive();
        if (!this.#identified) this.#listDueAt = now + LIST_MS;
        this.#identified = true;
        return this.#more;
      case PING:
      case MESSAGE:
        return this.#more;
    }
    // Anything else belongs to play, which begins without a list only where there is none.
    if (this.#identified && this.#missing === undefined) return this.#alive();
    return this.#more;
  }
}

/** Reading the client's Identification, with which every login begins, in every mode. */
// @ts-types="../../types/std_bytes_concat.d.ts"
import { concat } from "@std/bytes/concat";
import { type Dialect, packetNamed, packetSize, type ProtocolVersion } from "../protocol/packet_table.ts";
import { ExtensionSet } from "../protocol/extensions.ts";
import { encodePacket, readPacket } from "../protocol/packets.ts";
import type { Reason } from "./reasons.ts";

const IDENTIFICATION = packetNamed("PlayerIdentification");
const NAME = /^[A-Za-z0-9_.]{1,16}$/;
/** What the Identification ends with of a client that knows CPE. */
export const CPE_MAGIC = 0x42;
/** Stands for "no key": cserver kicks an empty one. */
export const NO_KEY = "-";
const NEWEST: ProtocolVersion = 7;
const OLDEST: ProtocolVersion = 3;
const NOTHING = new Uint8Array(0);

/** By twice the version, plus one with CPE. */
const dialects: Dialect[] = [];
/** Bytes of the longest Identification. */
const LONGEST = packetSize(IDENTIFICATION, dialectOf(NEWEST, false));

/** What a client says about itself in its Identification. */
export interface Identity {
  readonly name: string;
  readonly key: string;
  /** The client's dialect before it has listed its extensions. */
  readonly dialect: Dialect;
  /** The last byte as the client sent it; protocols up to 5 have none. */
  readonly magic: number | undefined;
}

/**
 * The Identification by which a backend hears of a player.
 *
 * @param key What proves the name there; empty where nothing does.
 */
export function introduction({ name, dialect, magic }: Identity, key: string): Uint8Array {
  return encodePacket("PlayerIdentification", dialect, {
    protocol: dialect.protocol,
    username: name,
    key: key === "" ? NO_KEY : key,
    ...magic === undefined ? {} : { magic },
  });
}

/** What came of the bytes so far. */
export type IdentificationStep =
  | { readonly kind: "more" }
  | { readonly kind: "done"; readonly identity: Identity; readonly rest: Uint8Array }
  | { readonly kind: "refused"; readonly reason: Reason; readonly detail: string };

/** Collects the client's Identification, which may come in any number of pieces. */
export class IdentificationReader {
  /** What came before the chunk of now. */
  #held: Uint8Array = NOTHING;
  #isClassic = false;

  /** Whether the client's first byte was that of a Classic client, so that it understands a kick. */
  get isClassic(): boolean {
    return this.#isClassic;
  }

  /** Takes the next bytes. `rest` of the last step is what followed the packet. */
  push(chunk: Uint8Array): IdentificationStep {
    if (chunk.length === 0) return { kind: "more" };
    if (!this.#isClassic && chunk[0] !== IDENTIFICATION.id) {
      return { kind: "refused", reason: "not-classic", detail: `first byte is ${chunk[0]}` };
    }
    this.#isClassic = true;
    const before = this.#held.length;
    const bytes = before === 0 ? chunk : concat([this.#held, chunk.subarray(0, LONGEST - before)]);
    if (bytes.length < 2) return this.#hold(bytes);
    const version = protocolVersion(bytes[1] ?? 0);
    if (version === undefined) {
      return { kind: "refused", reason: "unsupported-protocol", detail: `protocol version is ${bytes[1]}` };
    }
    const size = packetSize(IDENTIFICATION, dialectOf(version, false));
    if (bytes.length < size) return this.#hold(bytes);
    return this.#finish(version, bytes.subarray(0, size), chunk.subarray(size - before));
  }

  #hold(bytes: Uint8Array): IdentificationStep {
    this.#held = bytes.slice();
    return { kind: "more" };
  }

  #finish(version: ProtocolVersion, packet: Uint8Array, rest: Uint8Array): IdentificationStep {
    const plain = dialectOf(version, false);
    const { username, key, magic } = readPacket("PlayerIdentification", plain, packet);
    if (!NAME.test(username)) {
      return { kind: "refused", reason: "bad-name", detail: `name is ${JSON.stringify(username)}` };
    }
    const dialect = dialectOf(version, version === NEWEST && magic === CPE_MAGIC);
    return { kind: "done", identity: { name: username, key, dialect, magic }, rest };
  }
}

/** The dialect before any extensions, which all clients share that speak it. */
export function dialectOf(protocol: ProtocolVersion, cpe: boolean): Dialect {
  return dialects[2 * protocol + Number(cpe)] ??= { protocol, cpe, extensions: ExtensionSet.EMPTY };
}

function protocolVersion(byte: number): ProtocolVersion | undefined {
  // The comparison leaves just the members of the union.
  return byte >= OLDEST && byte <= NEWEST ? byte as ProtocolVersion : undefined;
}

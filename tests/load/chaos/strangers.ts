import { encodePacket } from "../../../lib/protocol/packets.ts";
import { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import type { Random } from "../../harness/chunks.ts";
import { CAN_RESET, resetConnection } from "../../harness/reset.ts";
import { cpeDialect } from "../../protocol/dialects.ts";
import { pass, Tally, type Trouble } from "./trouble.ts";

/** An address that nobody here comes from, which strangers claim to have. */
export const CLAIMED_ADDRESS = "203.0.113.9";

const KINDS = ["silent", "half", "noise", "drip", "claim", "impostor", "http"] as const;
const ENDS = ["close", "half-close", "reset"] as const;
/** Connections at one time. */
const MOST_OPEN = 200;

/** A flood of connections that say nothing, too little, nonsense, or what is not true. */
export class Strangers implements Trouble {
  readonly tally = new Tally();
  readonly #target: Deno.ConnectOptions;
  /** Names of players, which impostors claim. */
  readonly #players: readonly string[];
  readonly #random: Random;
  readonly #open = new Set<Promise<void>>();

  constructor(target: Deno.ConnectOptions, players: readonly string[], random: Random) {
    this.#target = target;
    this.#players = players;
    this.#random = random;
  }

  async rage(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pass(this.#random, 1, 40);
      if (this.#open.size >= MOST_OPEN) continue;
      const visit: Promise<void> = this.#visit().catch(() => {}).finally(() => this.#open.delete(visit));
      this.#open.add(visit);
    }
    await Promise.all(this.#open);
  }

  /** Rejects where the edge has closed the connection, as it should. */
  async #visit(): Promise<void> {
    const random = this.#random;
    const [kind, end] = [random.pick(KINDS), random.pick(ENDS)];
    this.tally.count(kind);
    using conn = await Deno.connect(this.#target);
    const reading = this.#read(conn);
    for (const piece of this.#speech(kind)) {
      await conn.write(piece);
      if (kind === "drip") await pass(random, 1, 20);
    }
    await pass(random, 0, 1_500);
    if (end === "reset" && CAN_RESET) return resetConnection(conn);
    if (end === "half-close") await conn.closeWrite();
    await Promise.race([reading, pass(random, 0, 1_000)]);
  }

  async #read(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(1 << 12);
    // What is heard, or how it ends, is of no interest.
    while (await conn.read(buffer).catch(() => null) !== null);
  }

  #speech(kind: typeof KINDS[number]): readonly Uint8Array<ArrayBuffer>[] {
    const random = this.#random;
    const own = identificationOf("Stranger");
    switch (kind) {
      case "silent":
        return [];
      case "half":
        return [own.slice(0, 1 + random.below(own.length - 1))];
      case "noise":
        return [random.bytes(1 + random.below(2_000))];
      case "drip":
        return Array.from(own.subarray(0, 40), (byte) => Uint8Array.of(byte));
      case "claim":
        return [new TextEncoder().encode(`PROXY TCP4 ${CLAIMED_ADDRESS} 127.0.0.1 4000 25565\r\n`), own];
      case "impostor":
        return [identificationOf(random.pick(this.#players))];
      case "http":
        return [new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: ${CLAIMED_ADDRESS}\r\n\r\n`)];
    }
  }
}

/** The Identification of somebody without extensions. */
export function identificationOf(username: string): Uint8Array<ArrayBuffer> {
  const values = { protocol: 7, username, key: "0".repeat(32), magic: 0 };
  return new Uint8Array(encodePacket("PlayerIdentification", cpeDialect(ExtensionSet.EMPTY), values));
}

import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { Leftovers } from "../../lib/protocol/leftovers.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { type Dialect, legalSizes, type PacketName } from "../../lib/protocol/packet_table.ts";
import { encodePacket, type PacketInput } from "../../lib/protocol/packets.ts";
import { assertEquals } from "../harness/assert.ts";
import { FedClient, POSITION } from "../harness/client/fed_client.ts";
import { splitPackets } from "../harness/reference_splitter.ts";
import { cpeDialect } from "./dialects.ts";

/** One packet, to be encoded for whoever gets it. */
export interface Step {
  readonly name: PacketName;
  encode(dialect: Dialect): Uint8Array;
}

/** The packet `name` with these fields. */
export function step<N extends PacketName>(name: N, values: PacketInput<N>): Step {
  return { name, encode: (dialect) => encodePacket(name, dialect, values) };
}

/** The packets of `bytes`, in order, each as bytes of its own. All must be whole and legal. */
export function legalPackets(bytes: Uint8Array, dialect: Dialect): readonly Uint8Array[] {
  const sizes = legalSizes("s2c", dialect);
  const { packets, outcome } = splitPackets(bytes, (id) => sizes[id] ?? 0);
  assertEquals(outcome, "complete");
  return packets.map(({ start, end }) => bytes.slice(start, end));
}

/** Feeds `leftovers` the packets of `bytes` that they ask for, as a session does. */
export function trackAll(leftovers: Leftovers, bytes: Uint8Array, dialect: Dialect): void {
  const sizes = legalSizes("s2c", dialect);
  for (const { start } of splitPackets(bytes, (id) => sizes[id] ?? 0).packets) {
    if (leftovers.concerns[bytes[start] ?? 0] !== 0) leftovers.track(bytes, start);
  }
}

/** What undoes all that was tracked. */
export function undone(leftovers: Leftovers): Uint8Array {
  const out = new PacketBuffer(16);
  leftovers.undo(out);
  return out.copy();
}

/** A client whose leftovers are tracked. */
export class TrackedClient {
  readonly dialect: Dialect;
  leftovers: Leftovers;
  readonly #fed: FedClient;

  constructor(extensions: ExtensionSet) {
    this.dialect = cpeDialect(extensions);
    this.leftovers = new Leftovers(this.dialect);
    this.#fed = new FedClient(extensions);
  }

  take(...steps: readonly Step[]): this {
    for (const { encode } of steps) this.takeBytes(encode(this.dialect));
    return this;
  }

  takeBytes(bytes: Uint8Array): this {
    trackAll(this.leftovers, bytes, this.dialect);
    this.#fed.takeBytes(bytes);
    return this;
  }

  /** Others track the leftovers from now on, beginning with what is written down of them. */
  carryOver(): void {
    const states = JSON.parse(JSON.stringify(this.leftovers.writeDown()));
    this.leftovers = new Leftovers(this.dialect);
    this.leftovers.resume(states);
    assertEquals(this.leftovers.writeDown(), states);
  }

  /** A new map without a move. */
  enterMap(): this {
    this.#fed.enterMap();
    return this;
  }

  /** Undoes what is tracked. Returns the packets that the client got for it. */
  undo(): Uint8Array {
    const bytes = undone(this.leftovers);
    const violations = this.#fed.violations.length;
    legalPackets(bytes, this.dialect);
    this.#fed.takeBytes(bytes);
    assertEquals(this.#fed.violations.slice(violations), []);
    return bytes;
  }

  /** Logs the client in to a server without any state of its own. Returns all that the client knows there. */
  arrive(): Record<string, unknown> {
    this.#fed.take("ServerIdentification", { protocol: 7, serverName: "B", motd: "welcome", userType: 0 }).enterMap();
    if (this.dialect.extensions.has("ExtPlayerList", 2)) {
      this.#fed.take("ExtAddEntity2", { entityId: 255, inGameName: "Steve", skinName: "Steve", ...POSITION });
    } else {
      this.#fed.take("SpawnPlayer", { playerId: 255, playerName: "Steve", ...POSITION });
    }
    return this.snapshot();
  }

  snapshot(): Record<string, unknown> {
    return this.#fed.state.snapshot();
  }
}

/** A place where the edge itself is the server. */
import { packetNamed } from "../protocol/packet_table.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { EVERY_PACKET } from "./id_table.ts";
import { misplaced } from "./misplaced.ts";
import type { Place, PlaceState } from "./place.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { Stage } from "./reasons.ts";

const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const MESSAGE = packetNamed("PlayerMessage").id;

/** Frames what the client sends, and ends the session where it makes no sense or the client leaves. */
export abstract class EdgePlace implements Place {
  readonly backend = "";
  readonly from: string = "";
  readonly kickable = true;
  abstract readonly kind: Place["kind"];
  abstract readonly stage: Stage;
  protected readonly session: SessionCore;
  protected readonly client: ClientSide;

  constructor(session: SessionCore, client: ClientSide) {
    this.session = session;
    this.client = client;
  }

  fromClient(chunk: Uint8Array): void {
    const { framer } = this.client;
    framer.stops = EVERY_PACKET;
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none" && !this.session.ended; frame = framer.next()) {
      const { bytes, start, end } = framer;
      const fault = frame === "unknown"
        ? `packet ${bytes[start]} is unknown or was never negotiated`
        : this.#packet(bytes, start, end);
      if (fault !== undefined) this.session.end("bad-packet", fault);
    }
    this.client.countPackets();
  }

  eof(leg: Leg): void {
    if (leg === CLIENT) this.session.end("client-left", "the client closed");
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.session.end("client-reset", cause);
  }

  fromBackend(): void {}
  opened(): void {}
  gone(): void {}
  admitted(): void {}
  dispose(): void {}
  suspend(): void {}
  leave(): void {}

  writeDown(): PlaceState | undefined {
    return undefined;
  }

  /** A line of chat is whole: it is in {@linkcode ClientSide.line}, and is to be cleared or kept. */
  protected abstract takeLine(): void;

  /** Any other packet of the client, at `start` of `bytes`. */
  protected abstract takePacket(id: number, bytes: Uint8Array, start: number, end: number): void;

  #packet(bytes: Uint8Array, start: number, end: number): string | undefined {
    const id = bytes[start] ?? 0;
    const fault = misplaced(id);
    if (fault !== undefined) return fault;
    if (id === SUPPORT_LEVEL) this.client.answered();
    else if (id !== MESSAGE) this.takePacket(id, bytes, start, end);
    else this.#chat(bytes, start, end);
    return undefined;
  }

  #chat(bytes: Uint8Array, start: number, end: number): void {
    const { line, chatGate } = this.client;
    if (line.isFresh) chatGate.count(1);
    if (!this.session.ended && line.push(bytes, start, end)) this.takeLine();
  }
}

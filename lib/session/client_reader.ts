/** Reading a client where the edge itself is the server. */
import type { Framer } from "../protocol/framer.ts";
import { packetNamed } from "../protocol/packet_table.ts";
import type { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { EVERY_PACKET } from "./id_table.ts";

const IDENTIFICATION = packetNamed("PlayerIdentification").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
const MESSAGE = packetNamed("PlayerMessage").id;

/** What is made of a client's packets. */
export interface ClientHandlers {
  /** A line of chat is whole; it is taken from {@linkcode ClientSide.line} or kept there for the next one. */
  line(): void;
  /** Any other packet, at `start` of `bytes`. */
  packet(id: number, bytes: Uint8Array, start: number, end: number): void;
}

/** Frames what the client sends and ends the session where it makes no sense. */
export class ClientReader {
  readonly #session: SessionCore;
  readonly #client: ClientSide;
  readonly #handlers: ClientHandlers;

  constructor(session: SessionCore, client: ClientSide, handlers: ClientHandlers) {
    this.#session = session;
    this.#client = client;
    this.#handlers = handlers;
  }

  read(chunk: Uint8Array): void {
    const { framer } = this.#client;
    framer.stops = EVERY_PACKET;
    framer.feed(chunk);
    this.#pump(framer);
  }

  #pump(framer: Framer): void {
    for (let frame = framer.next(); frame !== "none" && !this.#session.ended; frame = framer.next()) {
      const { bytes, start, end } = framer;
      const fault = frame === "unknown"
        ? `packet ${bytes[start]} is unknown or was never negotiated`
        : this.#packet(bytes, start, end);
      if (fault !== undefined) this.#session.end("bad-packet", fault);
    }
  }

  #packet(bytes: Uint8Array, start: number, end: number): string | undefined {
    const id = bytes[start] ?? 0;
    switch (id) {
      case IDENTIFICATION:
        return "second Identification";
      case EXT_INFO:
      case EXT_ENTRY:
        return "extension list after its end";
      case SUPPORT_LEVEL:
        this.#client.answered();
        break;
      case MESSAGE:
        if (this.#client.line.push(bytes, start, end)) this.#handlers.line();
        break;
      default:
        this.#handlers.packet(id, bytes, start, end);
    }
    return undefined;
  }
}

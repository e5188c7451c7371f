import type { Socket } from "./sockets.ts";

const INBOX_SIZE = 128 * 1024;
/** How many bytes one receive may bring: no more, so that one busy leg does not keep the others waiting. */
const RECEIVE_SIZE = 64 * 1024;
const MAX_PENDING_BYTES = 256 * 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Shared by all legs: a receive is looked at completely before the next. */
const inbox = new Uint8Array(INBOX_SIZE);
const inboxView = new DataView(inbox.buffer);

/** Gets one whole packet, its id at `at`. The bytes are valid during the call. */
export type PacketHandler = (bytes: DataView<ArrayBuffer>, at: number) => void;

/** Something that must not happen: what was measured is worthless. */
export class MeasurementError extends Error {
  override readonly name = "MeasurementError";
}

/** One end of a session: packets framed out of what comes in, bytes kept that do not go out at once. */
export class Leg {
  /** Sizes by packet id of what comes in; 0 for what must not. */
  sizes: Uint16Array;
  onPacket: PacketHandler;
  /** Called once, when the other side has closed or reset the connection. */
  onEnd: () => void;
  /** Gets what is wrong with a packet; the rest of what came with it is lost. Thrown on unless somebody wants to know. */
  onFault: (fault: MeasurementError) => void = (fault) => {
    throw fault;
  };

  readonly #socket: Socket;
  #partial: Uint8Array = NO_BYTES;
  readonly #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;
  #onRoom: (() => void) | undefined;

  constructor(socket: Socket, sizes: Uint16Array, onPacket: PacketHandler, onEnd: () => void) {
    this.#socket = socket;
    this.sizes = sizes;
    this.onPacket = onPacket;
    this.onEnd = onEnd;
    socket.onReadable = () => this.#receive();
    socket.onRoom = () => this.#roomy();
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /** Bytes written but not taken by the kernel yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Called whenever everything written is with the kernel and there is room for more; `undefined` to stop. */
  set onRoom(callback: (() => void) | undefined) {
    this.#onRoom = callback;
    this.#socket.watchRoom(callback !== undefined || this.#pendingBytes > 0);
  }

  /** Sends `bytes`, with one system call unless there is no room. They may be changed afterwards. */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    const sent = this.#pendingBytes > 0 ? 0 : this.#socket.send(bytes);
    if (sent === bytes.length) return;
    this.#pending.push(bytes.slice(sent));
    this.#pendingBytes += bytes.length - sent;
    if (this.#pendingBytes > MAX_PENDING_BYTES) {
      throw new MeasurementError(`Cannot write: ${this.#pendingBytes} bytes wait for the other side to read`);
    }
    this.#socket.watchRoom(true);
  }

  close(): void {
    this.#socket.close();
  }

  #roomy(): void {
    while (this.#pending[0] !== undefined) {
      const bytes = this.#pending[0];
      const sent = this.#socket.send(bytes);
      this.#pendingBytes -= sent;
      if (sent < bytes.length) {
        this.#pending[0] = bytes.subarray(sent);
        return;
      }
      this.#pending.shift();
    }
    if (this.#onRoom === undefined) this.#socket.watchRoom(false);
    else this.#onRoom();
  }

  #receive(): void {
    const kept = this.#partial.length;
    inbox.set(this.#partial);
    const received = this.#socket.receive(inbox.subarray(kept, kept + RECEIVE_SIZE));
    if (received === undefined) return;
    if (received === 0) {
      this.#socket.close();
      this.onEnd();
      return;
    }
    try {
      this.#frame(kept + received);
    } catch (error) {
      if (!(error instanceof MeasurementError)) throw error;
      this.#partial = NO_BYTES;
      this.onFault(error);
    }
  }

  #frame(end: number): void {
    let at = 0;
    while (at < end) {
      const id = inbox[at] ?? 0;
      const size = this.sizes[id] ?? 0;
      if (size === 0) throw new MeasurementError(`Cannot frame a packet: its id is ${id}`);
      if (at + size > end) break;
      this.onPacket(inboxView, at);
      if (!this.#socket.isOpen) return;
      at += size;
    }
    this.#partial = at < end ? inbox.slice(at, end) : NO_BYTES;
  }
}

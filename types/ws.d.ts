/** The part of `ws` that the tests use; its npm package ships no types. */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface SocketEvents {
  open: [];
  message: [data: Buffer, isBinary: boolean];
  ping: [data: Buffer];
  pong: [data: Buffer];
  close: [code: number, reason: Buffer];
  error: [error: Error];
}

interface ServerEvents {
  connection: [socket: WebSocket, request: IncomingMessage];
  listening: [];
}

export interface SendOptions {
  readonly binary?: boolean;
  /** Whether this is the message's last frame. @default true */
  readonly fin?: boolean;
}

export interface ClientOptions {
  readonly maxPayload?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Authorities in PEM that are trusted instead of the usual ones. */
  readonly ca?: string;
}

export declare class WebSocket {
  readonly protocol: string;
  readonly extensions: string;
  constructor(address: string, protocols?: readonly string[], options?: ClientOptions);
  on<E extends keyof SocketEvents>(event: E, listener: (...args: SocketEvents[E]) => void): this;
  once<E extends keyof SocketEvents>(event: E, listener: (...args: SocketEvents[E]) => void): this;
  send(data: Uint8Array | string, options?: SendOptions): void;
  ping(data?: Uint8Array): void;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

export interface ServerOptions {
  readonly host?: string;
  readonly port?: number;
  readonly maxPayload?: number;
  readonly perMessageDeflate?: boolean;
}

export declare class WebSocketServer {
  constructor(options: ServerOptions);
  address(): AddressInfo;
  on<E extends keyof ServerEvents>(event: E, listener: (...args: ServerEvents[E]) => void): this;
  close(done?: () => void): void;
}

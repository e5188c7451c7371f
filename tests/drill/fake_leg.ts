import type { LegEvents, LegSocket, SuspendedLeg } from "../../lib/transport/leg.ts";

/** A leg without a socket, that notes what it is told to do. */
export class FakeLeg implements LegSocket {
  readonly deeds: string[] = [];
  pending = 0;
  written = 0;
  holdsLent = false;
  closing = false;
  isHeld = false;

  start(): void {
    this.deeds.push("start");
  }

  write(bytes: Uint8Array): void {
    this.deeds.push(`write ${bytes.join(" ")}`);
  }

  flush(): void {}

  hold(): void {
    this.isHeld = true;
  }

  resume(): void {
    this.isHeld = false;
  }

  finish(): void {
    this.deeds.push("finish");
  }

  close(): void {
    this.closing = true;
    this.deeds.push("close");
  }

  abort(): void {
    this.closing = true;
    this.deeds.push("abort");
  }

  suspend(): SuspendedLeg {
    return { descriptor: 3, websocket: false, unsent: new Uint8Array(0), resume: () => {}, release: () => {} };
  }
}

/** A driver's side of a leg, that notes what it is told. */
export class FakeEvents implements LegEvents {
  readonly asked = 0;
  readonly told: string[] = [];
  /** Called with each chunk, before it is noted. */
  onBytes: (chunk: Uint8Array) => void = () => {};

  bytes(chunk: Uint8Array): void {
    this.onBytes(chunk);
    this.told.push(`bytes ${chunk.join(" ")}`);
  }

  ended(): void {
    this.told.push("ended");
  }

  failed(cause: string): void {
    this.told.push(`failed: ${cause}`);
  }

  drained(): void {}

  gone(): void {
    this.told.push("gone");
  }
}

import { MeasurementError } from "./leg.ts";

/** Numbers the packets of many flows, each by itself, and sees to it that none is lost, repeated or overtaken. */
export class Sequences {
  readonly #sent: Uint32Array;
  readonly #received: Uint32Array;
  readonly #mask: number;
  #sentCount = 0;
  #receivedCount = 0;

  /** @param bits Width of the numbers; they start again at 0 after the largest. */
  constructor(flows: number, bits: 16 | 32) {
    this.#sent = new Uint32Array(flows);
    this.#received = new Uint32Array(flows);
    this.#mask = bits === 16 ? 0xffff : 0xffff_ffff;
  }

  /** Packets received so far. */
  get received(): number {
    return this.#receivedCount;
  }

  /** Whether everything sent was received. */
  get complete(): boolean {
    return this.#sentCount === this.#receivedCount;
  }

  /** Number for the next packet of `flow`. */
  send(flow: number): number {
    const number = this.#sent[flow] ?? 0;
    this.#sent[flow] = number + 1;
    this.#sentCount++;
    return (number & this.#mask) >>> 0;
  }

  /** @throws {MeasurementError} when `number` is not the one that follows in `flow` */
  receive(flow: number, number: number): void {
    const due = this.#received[flow] ?? 0;
    if (number !== (due & this.#mask) >>> 0) {
      throw new MeasurementError(
        `Cannot account for the packets of flow ${flow}: number ${number} came, ${due} was due`,
      );
    }
    this.#received[flow] = due + 1;
    this.#receivedCount++;
  }
}

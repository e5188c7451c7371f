import type { LegEvents } from "../../lib/transport/leg.ts";
import { Waits } from "../harness/waits.ts";

/** What a leg has told. */
export class Told implements LegEvents {
  readonly asked = undefined;
  /** Everything in order; bytes that follow one another are one entry, their number. */
  readonly all: (number | string)[] = [];
  readonly chunks: Uint8Array[] = [];
  /** Thrown at the next bytes. */
  fault: Error | undefined;
  /** Called at the next bytes. */
  react: () => void = () => {};
  readonly #waits = new Waits(() => `told was ${this.all}`);

  bytes(chunk: Uint8Array): void {
    this.chunks.push(chunk.slice());
    const last = this.all.at(-1);
    if (typeof last === "number") this.all[this.all.length - 1] = last + chunk.length;
    else this.all.push(chunk.length);
    this.#waits.changed();
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
    this.react();
  }

  ended(): void {
    this.#add("ended");
  }

  failed(cause: string): void {
    this.#add(`failed: ${cause}`);
  }

  drained(): void {
    this.#add("drained");
  }

  gone(): void {
    this.#add("gone");
  }

  async until(...all: (number | string)[]): Promise<void> {
    await this.#waits.until(() => JSON.stringify(this.all) === JSON.stringify(all), String(all));
  }

  #add(what: string): void {
    this.all.push(what);
    this.#waits.changed();
  }
}

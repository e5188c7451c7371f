import type { Target } from "../harness/link.ts";
import { Waits } from "../harness/waits.ts";

/** What a witness's thread is told. */
export type WitnessOrder =
  | { readonly kind: "join"; readonly target: Target }
  | { readonly kind: "worst" }
  | { readonly kind: "leave" };

/** What it answers; `"ready"` comes unasked. */
export type WitnessReport =
  | { readonly kind: "ready"; readonly address: string }
  | { readonly kind: "joined" }
  | { readonly kind: "worst"; readonly ms: number }
  | { readonly kind: "left"; readonly violations: readonly string[] };

type ReportOf<K extends WitnessReport["kind"]> = Extract<WitnessReport, { readonly kind: K }>;

/**
 * Somebody who plays on a server of their own, both in a thread of their own, and feels how long the edge does nothing for them: each
 * round trip through it takes that long.
 */
export class Witness implements Disposable {
  readonly #worker = new Worker(new URL("./witness_worker.ts", import.meta.url), { type: "module" });
  readonly #reports: WitnessReport[] = [];
  readonly #waits = new Waits(() => "the witness", 20_000);

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<WitnessReport>): void => {
      this.#reports.push(data);
      this.#waits.changed();
    };
  }

  /** Where the witness's server listens. */
  async address(): Promise<string> {
    return (await this.#next("ready")).address;
  }

  /** Joins through the edge, and pings from then on. */
  async join(target: Target): Promise<void> {
    this.#tell({ kind: "join", target });
    await this.#next("joined");
  }

  /** The longest round trip since this was asked last, in milliseconds. */
  async worst(): Promise<number> {
    this.#tell({ kind: "worst" });
    return (await this.#next("worst")).ms;
  }

  /** Leaves in order. Returns the rules that were broken. */
  async leave(): Promise<readonly string[]> {
    this.#tell({ kind: "leave" });
    return (await this.#next("left")).violations;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  #tell(order: WitnessOrder): void {
    this.#worker.postMessage(order);
  }

  async #next<K extends WitnessReport["kind"]>(kind: K): Promise<ReportOf<K>> {
    const isWanted = (report: WitnessReport): report is ReportOf<K> => report.kind === kind;
    const found = await this.#waits.until(() => this.#reports.find(isWanted), kind);
    this.#reports.splice(this.#reports.indexOf(found), 1);
    return found;
  }
}

import type { Target } from "../harness/link.ts";
import { Waits } from "../harness/waits.ts";

/** Which edge players come through: the one that is flooded, or another one, which has the same machine and nothing else to bear. */
export type Way = "flooded" | "spared";

/** What the thread is told. */
export type PlayersOrder =
  | { readonly kind: "join"; readonly way: Way; readonly target: Target; readonly count: number }
  | { readonly kind: "take" };

/** What it answers; `"ready"` comes unasked. */
export type PlayersReport =
  | { readonly kind: "ready"; readonly address: string }
  | { readonly kind: "joined" }
  | {
    readonly kind: "taken";
    /** Round trips since the last time, in milliseconds. */
    readonly pings: Readonly<Record<Way, readonly number[]>>;
    /** Players who lost their connection or got no answer, so far. */
    readonly lost: number;
    readonly violations: readonly string[];
  };

type ReportOf<K extends PlayersReport["kind"]> = Extract<PlayersReport, { readonly kind: K }>;

/** Many players and the server they play on, in a thread of their own, so that what the test does delays none of them. */
export class PlayersThread implements Disposable {
  readonly #worker = new Worker(new URL("./players_worker.ts", import.meta.url), { type: "module" });
  readonly #reports: PlayersReport[] = [];
  readonly #waits = new Waits(() => "the players' thread", 60_000);

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<PlayersReport>): void => {
      this.#reports.push(data);
      this.#waits.changed();
    };
  }

  /** Where the server listens. */
  async address(): Promise<string> {
    return (await this.#next("ready")).address;
  }

  /**
   * `count` players join, and ping the server ten times a second each from then on.
   *
   * @param target Where the edge listens.
   */
  async join(way: Way, target: Target, count: number): Promise<void> {
    this.#tell({ kind: "join", way, target, count });
    await this.#next("joined");
  }

  /** What the players have felt since this was asked last. */
  async take(): Promise<ReportOf<"taken">> {
    this.#tell({ kind: "take" });
    return await this.#next("taken");
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  #tell(order: PlayersOrder): void {
    this.#worker.postMessage(order);
  }

  async #next<K extends PlayersReport["kind"]>(kind: K): Promise<ReportOf<K>> {
    const isWanted = (report: PlayersReport): report is ReportOf<K> => report.kind === kind;
    const found = await this.#waits.until(() => this.#reports.find(isWanted), kind);
    this.#reports.splice(this.#reports.indexOf(found), 1);
    return found;
  }
}

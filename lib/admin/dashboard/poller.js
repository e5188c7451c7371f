const SEEN_MS = 2000;
const HIDDEN_MS = 10_000;
/** The least time between two rounds, however much happens. */
const GAP_MS = 250;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks for everything that is shown, about every two seconds and soon after {@linkcode Poller.wake}. */
export class Poller {
  #api;
  #show;
  #failed;
  #isAsked = false;
  #wake = () => {};
  #next = Promise.withResolvers();

  /**
   * @param {import("./api.js").Api} api
   * @param {(view: { status, players, backends }) => void} show
   * @param {(why: "unreachable" | "unauthorized" | "refused", message: string) => void} failed
   */
  constructor(api, show, failed) {
    this.#api = api;
    this.#show = show;
    this.#failed = failed;
    document.addEventListener("visibilitychange", () => this.wake());
  }

  /** Asks now, or as soon as the round under way is over. */
  wake() {
    this.#isAsked = true;
    this.#wake();
  }

  /** Wakes, and resolves when the edge has answered a round that began after this call. */
  fresh() {
    this.wake();
    return this.#next.promise;
  }

  async run() {
    for (let failures = 0;;) {
      this.#isAsked = false;
      const next = this.#next;
      this.#next = Promise.withResolvers();
      const outcomes = await Promise.all(["status", "players", "backends"].map((what) => this.#api.get(`v1/${what}`)));
      const failure = outcomes.find(({ kind }) => kind !== "ok");
      if (failure === undefined) {
        failures = 0;
        const [status, { players }, { backends }] = outcomes.map(({ body }) => body);
        this.#show({ status, players, backends });
        next.resolve();
        await wait(GAP_MS);
        await this.#pause(document.hidden ? HIDDEN_MS : SEEN_MS);
      } else {
        // Whoever waits for this round waits for the next good one.
        this.#next.promise.then(next.resolve);
        const retryMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
        this.#failed(failure.kind, failure.message ?? "");
        await wait(GAP_MS);
        await this.#pause(failure.kind === "unauthorized" ? Infinity : retryMs);
      }
    }
  }

  #pause(ms) {
    if (this.#isAsked) return;
    return new Promise((resolve) => {
      const timer = ms === Infinity ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

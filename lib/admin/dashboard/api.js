/** How the page asks the edge, by paths that are relative so that it may be served from any folder of a web server in front. */

const TOKEN_KEY = "kurafuto-token";
const ANSWER_MS = 10_000;
/** A reload may take its time. */
const ORDER_MS = 60_000;

/**
 * What became of a request. `refused` is an answer that says no, `unreachable` is no answer at all: whether an order arrived is
 * not known then.
 *
 * @typedef {{ kind: "ok", body: object } | { kind: "refused", message: string, body: object } | { kind: "unauthorized" }
 *   | { kind: "unreachable" }} Outcome
 */

/** See the file's first line. */
export class Api {
  #token = sessionStorage.getItem(TOKEN_KEY);
  #askToken;
  #asking;
  /** Milliseconds that the edge's clock is ahead of ours. */
  #ahead = 0;

  /** @param {(isWrong: boolean) => Promise<string | undefined>} askToken Asks the operator for the token. */
  constructor(askToken) {
    this.#askToken = askToken;
  }

  /** The time on the edge, in milliseconds since 1970. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** @returns {Promise<Outcome>} */
  get(path) {
    return this.#send(path, { signal: AbortSignal.timeout(ANSWER_MS) });
  }

  /**
   * Gets what the operator asked for, or gives their order; asks for the token as long as it takes one.
   *
   * @returns {Promise<Outcome>}
   */
  async insist(path, order) {
    for (;;) {
      const outcome = await (order === undefined ? this.get(path) : this.#post(path, order));
      if (outcome.kind !== "unauthorized" || !await this.askForToken()) return outcome;
    }
  }

  /** Opens a stream that lasts until `signal` aborts it. Throws where it cannot be opened. */
  async stream(path, headers, signal) {
    const response = await fetch(path, { headers: this.#headers(headers), signal, cache: "no-store" });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`Cannot open ${path}: status is ${response.status}`);
    }
    return response.body;
  }

  /** Asks the operator for the token, once for all who need it. Resolves to whether there is another one now. */
  askForToken() {
    this.#asking ??= this.#askToken(this.#token !== null).then((token) => {
      this.#asking = undefined;
      if (token === undefined) return false;
      this.#token = token;
      sessionStorage.setItem(TOKEN_KEY, token);
      return true;
    });
    return this.#asking;
  }

  #post(path, order) {
    return this.#send(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(ORDER_MS),
    });
  }

  async #send(path, options) {
    const token = this.#token;
    try {
      const response = await fetch(path, { cache: "no-store", ...options, headers: this.#headers(options.headers) });
      const body = await response.json();
      this.#readClock(response);
      if (response.ok) return { kind: "ok", body };
      if (response.status === 401 && token !== this.#token) return await this.#send(path, options);
      if (response.status === 401) return { kind: "unauthorized" };
      return { kind: "refused", message: body.error?.message ?? `status ${response.status}`, body };
    } catch {
      return { kind: "unreachable" };
    }
  }

  #headers(headers = {}) {
    return this.#token === null ? headers : { ...headers, Authorization: `Bearer ${this.#token}` };
  }

  #readClock(response) {
    const date = Date.parse(response.headers.get("Date") ?? "");
    // The header has whole seconds.
    if (!Number.isNaN(date) && Math.abs(date + 500 - this.now()) > 1000) this.#ahead = date + 500 - Date.now();
  }
}

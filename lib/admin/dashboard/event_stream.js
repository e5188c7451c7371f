const RECONNECT_MS = [250, 1000, 2000, 4000, 8000];
/** The longest message of the stream that is taken. */
const LONGEST = 1 << 20;

/** The messages of a stream of server-sent events: the data of each. */
async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(/\r?\n\r?\n/);
    rest = parts.pop();
    if (rest.length > LONGEST) throw new RangeError(`Cannot read an event: it is longer than ${LONGEST} characters`);
    for (const part of parts) {
      const lines = part.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (lines.length > 0) yield lines.map((line) => line.slice(5).trimStart()).join("\n");
    }
  }
}

/**
 * Follows the edge's events. Resumes behind the last one after a lost connection; an edge that was started anew counts from 1
 * again, so everything that it remembers is read then.
 */
export class EventStream {
  #api;
  #fresh;
  #take;
  #state;
  #lastId = 0;
  #connection = new AbortController();

  /**
   * @param {import("./api.js").Api} api
   * @param {object} options
   * @param {() => Promise<void>} options.fresh Resolves when the edge can be reached and {@linkcode EventStream.startAnew} was
   * called if it is another one.
   * @param {(event, missed: number) => void} options.take Told each event, and how many before it cannot be had any more.
   * @param {(isLive: boolean) => void} options.state
   */
  constructor(api, { fresh, take, state }) {
    this.#api = api;
    this.#fresh = fresh;
    this.#take = take;
    this.#state = state;
  }

  async run() {
    for (let failures = 0;; failures++) {
      await this.#fresh();
      try {
        await this.#read(() => failures = 0);
      } catch {
        // Whether the edge can be reached is the poller's to find out and to tell.
      }
      this.#state(false);
      const ms = RECONNECT_MS[Math.min(failures, RECONNECT_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  /** The edge is not the one of before. */
  startAnew() {
    this.#lastId = 0;
    this.reconnect();
  }

  reconnect() {
    this.#connection.abort();
  }

  async #read(opened) {
    this.#connection = new AbortController();
    const resume = this.#lastId === 0 ? {} : { "Last-Event-ID": this.#lastId };
    const path = this.#lastId === 0 ? "v1/events?since=0" : "v1/events";
    try {
      const body = await this.#api.stream(path, resume, this.#connection.signal);
      opened();
      this.#state(true);
      for await (const data of messages(body)) {
        const event = JSON.parse(data);
        if (event.id <= this.#lastId) return this.startAnew();
        this.#take(event, this.#lastId === 0 ? 0 : event.id - this.#lastId - 1);
        this.#lastId = event.id;
      }
    } finally {
      this.#connection.abort();
    }
  }
}

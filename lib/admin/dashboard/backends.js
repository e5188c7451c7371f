import { Sparkline } from "./charts.js";
import { byId, element, Rows, setAttributes, setText, setTone } from "./elements.js";
import { clock, count, duration, milliseconds, ofMax } from "./words.js";

const BACKEND_TONES = { up: "good", down: "bad", drained: "warn", full: "warn" };

/** The table of backends. */
export class BackendTable {
  #rows;

  /**
   * @param {() => number} now The time on the edge.
   * @param {{ drain(backend): void, enable(backend): void }} orders
   */
  constructor(now, orders) {
    this.#rows = new Rows(byId("backends"), ({ name }) => name, () => new BackendRow(now, orders));
  }

  show(backends) {
    const up = backends.filter(({ state }) => state === "up").length;
    setText(byId("backends-count"), `${up} of ${backends.length} up`);
    this.#rows.render(backends);
  }
}

class BackendRow {
  #now;
  #backend;
  #name = element("bdi");
  #address = element("span", { class: "quiet code" });
  #state = element("span", { class: "state" });
  #since = element("time", { class: "quiet" });
  #cause = element("p", { class: "cause", dir: "auto" });
  #players = element("span");
  #meter = element("meter", { min: "0", "aria-hidden": "true" });
  #spark = new Sparkline();
  #latency = element("span");
  #button = element("button", { type: "button" });
  node = element(
    "tr",
    { role: "row" },
    element("th", { role: "rowheader", scope: "row" }, this.#name, this.#address),
    element("td", { role: "cell", class: "is" }, this.#state, " ", this.#since, this.#cause),
    element("td", { role: "cell", class: "load" }, this.#players, this.#meter),
    element("td", { role: "cell", class: "latency" }, this.#spark.node, this.#latency),
    element("td", { role: "cell", class: "orders" }, this.#button),
  );

  constructor(now, orders) {
    this.#now = now;
    this.#button.addEventListener(
      "click",
      () => this.#backend.drained ? orders.enable(this.#backend) : orders.drain(this.#backend),
    );
  }

  update(backend) {
    const { name, address, pools, state, since, cause, drained, players, maxPlayers, latencies } = backend;
    this.#backend = backend;
    setAttributes(this.node, { "data-state": state });
    setText(this.#name, name);
    setText(this.#address, address);
    setAttributes(this.#address, { title: `In ${count(pools.length, "pool")}: ${pools.join(", ")}` });
    setText(this.#state, state);
    setTone(this.#state, BACKEND_TONES[state] ?? "none");
    setText(this.#since, `for ${duration((this.#now() - Date.parse(since)) / 1000)}`);
    setAttributes(this.#since, { datetime: since, title: `since ${clock(since)}` });
    setText(this.#cause, cause ?? "");
    setText(this.#players, ofMax(players, maxPlayers));
    this.#meter.hidden = maxPlayers === 0;
    setAttributes(this.#meter, { max: Math.max(1, maxPlayers), value: players });
    this.#spark.update(latencies);
    const latest = latencies.at(-1);
    setText(this.#latency, state === "down" || latest === undefined ? "no answer" : milliseconds(latest));
    setText(this.#button, drained ? "Enable" : "Drain…");
    setAttributes(this.#button, { "aria-label": drained ? `Enable ${name}` : `Drain… ${name}` });
  }
}

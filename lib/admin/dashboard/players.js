import { byId, element, Rows, setAttributes, setText, setTone } from "./elements.js";
import { count, duration, number } from "./words.js";

/** Rows shown at most; more help nobody and make the page slow. */
const MOST_ROWS = 200;
const PLAYER_TONES = { playing: "good", waiting: "warn" };

/** The table of players, and what filters it. */
export class PlayerTable {
  #rows;
  #players = [];
  #backends = [];
  #text = byId("filter-text");
  #backend = byId("filter-backend");

  /** @param {{ move(player): void, kick(player): void, explain(player): void }} orders */
  constructor(orders) {
    this.#rows = new Rows(byId("players"), ({ session }) => session, () => new PlayerRow(orders));
    byId("filter").addEventListener("input", () => this.#render());
    byId("filter").addEventListener("submit", (event) => event.preventDefault());
  }

  show(players, backends) {
    this.#players = players;
    this.#showChoices(backends.map(({ name }) => name));
    this.#render();
  }

  #showChoices(names) {
    if (names.join() === this.#backends.join() && this.#backend.options.length > 0) return;
    this.#backends = names;
    const { value } = this.#backend;
    const options = names.map((name) => element("option", { value: name }, name));
    this.#backend.replaceChildren(
      element("option", { value: "" }, "Everywhere"),
      ...options,
      element("option", { value: " " }, "On no backend"),
    );
    this.#backend.value = [...this.#backend.options].some((option) => option.value === value) ? value : "";
  }

  #render() {
    const wanted = this.#players.filter(this.#filter());
    this.#rows.render(wanted.slice(0, MOST_ROWS));
    const all = count(this.#players.length, "player");
    const isFiltered = wanted.length < this.#players.length;
    setText(byId("players-count"), isFiltered ? `${number(wanted.length)} of ${all}` : all);
    this.#showRest(wanted.length);
  }

  #filter() {
    const text = this.#text.value.trim().toLowerCase();
    const place = this.#backend.value;
    return ({ name, client, ip, backend }) =>
      (place === "" || backend === place.trim()) &&
      [name, client, ip].some((field) => field.toLowerCase().includes(text));
  }

  #showRest(wanted) {
    const rest = byId("players-rest");
    rest.hidden = wanted > 0 && wanted <= MOST_ROWS;
    if (wanted > MOST_ROWS) setText(rest, `and ${number(wanted - MOST_ROWS)} more, filter to see them`);
    else setText(rest, this.#players.length === 0 ? "Nobody plays now" : "No player fits the filter");
  }
}

class PlayerRow {
  #player;
  #name = element("button", { type: "button", class: "name", dir: "auto" });
  #backend = element("bdi");
  #state = element("span", { class: "state" });
  #there = element("td", { role: "cell", class: "there" });
  #online = element("td", { role: "cell", class: "online" });
  #client = element("td", { role: "cell", class: "client", dir: "auto" });
  #from = element("td", { role: "cell", class: "from" });
  #move = element("button", { type: "button" }, "Move…");
  #kick = element("button", { type: "button" }, "Kick…");
  node = element(
    "tr",
    { role: "row" },
    element("th", { role: "rowheader", scope: "row" }, this.#name),
    element("td", { role: "cell", class: "where" }, this.#backend),
    element("td", { role: "cell", class: "is" }, this.#state),
    this.#there,
    this.#online,
    this.#client,
    this.#from,
    element("td", { role: "cell", class: "orders" }, this.#move, this.#kick),
  );

  constructor(orders) {
    this.#name.addEventListener("click", () => orders.explain(this.#player));
    this.#move.addEventListener("click", () => orders.move(this.#player));
    this.#kick.addEventListener("click", () => orders.kick(this.#player));
  }

  update(player) {
    const { name, session, listener, ip, client, transport, secure, state, backend, seconds, secondsThere, moves } =
      player;
    this.#player = player;
    setText(this.#name, name);
    setAttributes(this.#name, { "aria-label": `${name}: explain`, title: `Explain session ${session}` });
    setText(this.#backend, backend);
    setText(this.#state, state === "waiting" ? "waiting room" : state);
    setTone(this.#state, PLAYER_TONES[state] ?? "none");
    setText(this.#there, duration(secondsThere));
    setText(this.#online, duration(seconds));
    setAttributes(this.#online, { title: count(moves, "move") });
    setText(this.#client, client);
    setText(this.#from, [ip, listener, way(transport, secure)].filter(Boolean).join(" · "));
    setAttributes(this.#move, { "aria-label": `Move… ${name}` });
    setAttributes(this.#kick, { "aria-label": `Kick… ${name}` });
  }
}

/** How the connection is made, where it is not plain TCP. */
function way(transport, secure) {
  if (transport === "websocket") return secure ? "wss" : "ws";
  return secure ? "tls" : "";
}

import { byId, element, Rows, setTone, setWords } from "./elements.js";
import { clock, count, duration, ofMax } from "./words.js";

const SEVERITY = { bad: 0, warn: 1 };

/** What needs an operator's eye, the first thing on the page; one calm line where nothing does. */
export class Attention {
  #rows = new Rows(byId("attention"), ({ about }) => about, () => new AttentionItem());

  /** @returns {number} How many things need attention. */
  show(status, backends, now) {
    const items = [...ofEdge(status), ...ofBackends(backends, now), ...ofListings(status.listings)];
    items.sort((a, b) => SEVERITY[a.tone] - SEVERITY[b.tone]);
    const calm = `All is well: ${count(backends.length, "backend")} up`;
    this.#rows.render(items.length > 0 ? items : [{ about: "nothing", tone: "good", words: [calm] }]);
    return items.length;
  }
}

/**
 * One thing; `about` stays the same while it lasts.
 *
 * @typedef {{ about: string, tone: "good" | "warn" | "bad", words: import("./elements.js").Word[] }} Item
 */

/** @returns {Generator<Item>} */
function* ofEdge({ state, players, maxPlayers, waiting, config: { lastReload, confirmBy } }) {
  if (state === "draining") {
    yield { about: "edge", tone: "warn", words: ["The edge is draining: it takes no more players and ends soon"] };
  }
  if (confirmBy !== undefined) {
    yield {
      about: "confirm",
      tone: "warn",
      words: [`The last reload waits to be confirmed until ${clock(confirmBy)}`],
    };
  }
  if (lastReload?.result === "refused") {
    yield { about: "reload", tone: "warn", words: ["The last reload was refused: ", { said: lastReload.detail }] };
  }
  if (players >= maxPlayers) {
    yield { about: "full", tone: "warn", words: [`The network is full: ${ofMax(players, maxPlayers)} players`] };
  }
  if (waiting > 0) {
    yield { about: "waiting", tone: "warn", words: [`In the waiting room: ${count(waiting, "player")}`] };
  }
}

/** @returns {Generator<Item>} */
function* ofBackends(backends, now) {
  if (!backends.some(({ state }) => state === "up")) {
    yield { about: "backends", tone: "bad", words: ["No backend takes players"] };
  }
  for (const { name, state, since, cause, players, maxPlayers } of backends) {
    const about = `${name} is ${state}`;
    if (state === "down") {
      const ago = ` has been down for ${duration((now - Date.parse(since)) / 1000)}`;
      yield { about, tone: "bad", words: [{ name }, ago, ...(cause === undefined ? [] : [": ", { said: cause }])] };
    }
    if (state === "drained") {
      yield { about, tone: "warn", words: [{ name }, " is drained: it is given no more players"] };
    }
    if (state === "full") {
      yield { about, tone: "warn", words: [{ name }, ` is full: ${ofMax(players, maxPlayers)} players`] };
    }
  }
}

/** @returns {Generator<Item>} */
function* ofListings(listings) {
  for (const { listener, list, problem } of listings) {
    if (problem === undefined) continue;
    const words = [{ name: listener }, " is not listed by ", { name: list }, ": ", { said: problem }];
    yield { about: `${listener} ${list}`, tone: "warn", words };
  }
}

class AttentionItem {
  #text = element("p");
  node = element("li", {}, this.#text);

  update({ tone, words }) {
    setTone(this.node, tone);
    setWords(this.#text, words);
  }
}

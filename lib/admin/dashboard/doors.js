import { byId, element, Rows, setAttributes, setText, setTone } from "./elements.js";
import { count, duration } from "./words.js";

/** By which doors players come: listeners, and the entries in public lists that lead to them. */
export class Doors {
  #listeners = new Rows(byId("listeners"), ({ name }) => name, () => new ListenerItem());
  #listings;

  /** @param {() => number} now The time on the edge. */
  constructor(now) {
    const key = ({ listener, list }) => `${listener} ${list}`;
    this.#listings = new Rows(byId("listings"), key, () => new ListingItem(now));
  }

  show({ listeners, listings }) {
    this.#listeners.render(listeners);
    this.#listings.render(listings);
    byId("listings").hidden = listings.length === 0;
  }
}

class ListenerItem {
  #name = element("b");
  #address = element("span", { class: "code" });
  #players = element("span", { class: "quiet" });
  node = element("li", {}, element("p", {}, this.#name, " ", this.#address), this.#players);

  update({ name, address, players }) {
    setText(this.#name, name);
    setText(this.#address, address);
    setText(this.#players, count(players, "player"));
  }
}

class ListingItem {
  #now;
  #list = element("b");
  #state = element("span", { class: "state" });
  #facts = element("span", { class: "quiet" });
  #link = element("a", { rel: "noreferrer", target: "_blank" }, "open the entry");
  #problem = element("p", { class: "cause", dir: "auto" });
  node = element(
    "li",
    {},
    element("p", {}, this.#list, " ", this.#facts, " ", this.#link, this.#problem),
    this.#state,
  );

  constructor(now) {
    this.#now = now;
  }

  update({ listener, list, url = "", problem, lastSuccess }) {
    const ago = lastSuccess === 0 ? "" : `, ${duration(this.#now() / 1000 - lastSuccess)} ago`;
    const [state, tone] = problem !== undefined
      ? ["problem", "warn"]
      : lastSuccess === 0
      ? ["not yet", "none"]
      : ["listed", "good"];
    setText(this.#list, list);
    setText(this.#state, state);
    setTone(this.#state, tone);
    setText(this.#facts, `for ${listener}${ago}`);
    setText(this.#problem, problem ?? "");
    // A list is not trusted to give a link that a click should run.
    this.#link.hidden = !/^https?:\/\//.test(url);
    if (!this.#link.hidden) setAttributes(this.#link, { href: url });
  }
}

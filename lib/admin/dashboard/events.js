import { byId, element, setText, wordNode } from "./elements.js";
import { clock, sentence, toneOf } from "./words.js";

const MOST_EVENTS = 200;

/** The last events, newest first. */
export class EventList {
  #list = byId("events");
  #explain;
  /** Items that wait to be drawn, oldest first: a thousand may come at once. */
  #coming = [];

  /** @param {(session: string) => void} explain */
  constructor(explain) {
    this.#explain = explain;
  }

  /** @param {number} missed How many before it cannot be had any more. */
  add(event, missed) {
    if (missed > 0) this.note(`${missed} events in between are not kept any more`);
    this.#put(() => this.#item(event));
  }

  /** Something about the list itself. */
  note(text) {
    this.#put(() => element("li", { class: "note quiet" }, text));
  }

  showLive(isLive) {
    setText(byId("events-state"), isLive ? "live" : "not live");
  }

  #put(makeItem) {
    if (this.#coming.length === 0) requestAnimationFrame(() => this.#draw());
    this.#coming.push(makeItem);
    if (this.#coming.length > MOST_EVENTS) this.#coming.shift();
  }

  #draw() {
    this.#list.prepend(...this.#coming.map((makeItem) => makeItem()).reverse());
    this.#coming = [];
    while (this.#list.childElementCount > MOST_EVENTS) this.#list.lastElementChild.remove();
  }

  #item(event) {
    const time = element("time", { datetime: event.time }, clock(event.time));
    const kind = element("span", { class: "kind" }, event.event);
    const words = sentence(event).map((word) => this.#node(word));
    return element("li", { "data-tone": toneOf(event) }, time, kind, element("p", {}, ...words));
  }

  #node(word) {
    const { name, session } = word;
    if (session === undefined) return wordNode(word);
    const button = element("button", { type: "button", class: "name", dir: "auto" }, name);
    button.addEventListener("click", () => this.#explain(session));
    return button;
  }
}

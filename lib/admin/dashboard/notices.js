import { byId, element, setText, setTone } from "./elements.js";

/** How long a notice of success stays; one of failure stays until it is dismissed. */
const SUCCESS_MS = 8000;
const MOST_NOTICES = 20;

/** Tells what becomes of one order. */
export class Notice {
  #text = element("div", { class: "answer" }, "…");
  #buttons = element("div", { class: "buttons" });
  #node;

  /** @param {string} order What was asked for, as `Move Steve to hub`. */
  constructor(order) {
    this.#node = element("li", { "data-tone": "none" }, element("h3", {}, order), this.#text, this.#buttons);
    const list = byId("notices");
    // Whoever gives the next order has seen what went well before.
    for (const passing of list.querySelectorAll("[data-passing]")) passing.remove();
    if (list.childElementCount >= MOST_NOTICES) list.firstElementChild.remove();
    list.append(this.#node);
  }

  done(message) {
    setTone(this.#node, "good");
    setText(this.#text, message);
    this.#node.dataset.passing = "";
    setTimeout(() => this.#node.remove(), SUCCESS_MS);
  }

  /** What the operator should read, line by line, whether it went well or not. */
  answer(tone, lines) {
    setTone(this.#node, tone);
    this.#text.replaceChildren(...lines.map((line) => element("p", {}, line)));
    this.#addButton("Dismiss", () => {});
  }

  /** @param {() => void} [again] Gives the order again. */
  failed(message, again) {
    setTone(this.#node, "bad");
    setText(this.#text, message);
    if (again !== undefined) this.#addButton("Try again", again);
    this.#addButton("Dismiss", () => {});
  }

  #addButton(label, act) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      this.#node.remove();
      act();
    });
    this.#buttons.append(button);
  }
}

/** What the page's elements are made and changed with. Text goes in as text only, never as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** The element of the page with that id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** As {@linkcode element}, for what is drawn. */
export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/**
 * A part of a sentence: our own words, a name, or what somebody else said. With `session`, the story of that session can be
 * looked up.
 *
 * @typedef {string | { name: string, session?: string } | { said: string }} Word
 */

/** What the document shows for a part of a sentence; what others chose cannot turn the text around it. */
export function wordNode(word) {
  if (typeof word === "string") return document.createTextNode(word);
  return word.name === undefined ? element("bdi", {}, word.said) : element("bdi", { class: "who" }, word.name);
}

/** Makes a sentence of parts the text of `node`. */
export function setWords(node, words) {
  const text = words.map((word) => word.name ?? word.said ?? word).join("");
  if (node.textContent !== text) node.replaceChildren(...words.map(wordNode));
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/** @param {"good" | "warn" | "bad" | "none"} tone How good the news is; words beside it say the same. */
export function setTone(node, tone) {
  setAttributes(node, { "data-tone": tone });
}

/** The children of one element, kept in step with a list; only what changed is touched, so that focus and selection stay. */
export class Rows {
  #parent;
  #make;
  #keyOf;
  #rows = new Map();

  /**
   * @param {Element} parent
   * @param {(item) => unknown} keyOf What tells items apart.
   * @param {() => { node: Element, update(item): void }} make Makes an empty row.
   */
  constructor(parent, keyOf, make) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  render(items) {
    const rows = new Map();
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? this.#make();
      row.update(item);
      rows.set(key, row);
    }
    for (const [key, { node }] of this.#rows) if (!rows.has(key)) this.#remove(node);
    this.#rows = rows;
    let next = this.#parent.firstElementChild;
    for (const { node } of rows.values()) {
      if (node === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(node, next);
    }
  }

  /** Whoever was on a row that goes is taken to the heading of its section, not to the top of the page. */
  #remove(node) {
    const hadFocus = node.contains(document.activeElement);
    node.remove();
    if (hadFocus) this.#parent.closest("section")?.querySelector("h2[tabindex]")?.focus();
  }
}

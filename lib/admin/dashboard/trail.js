import { ask } from "./dialogs.js";
import { byId, element, wordNode } from "./elements.js";
import { clock, milliseconds, ofMax } from "./words.js";

/** The dialog that tells how a session went. */
export class TrailDialog {
  #api;
  #dialog = byId("explain-dialog");
  #input = this.#dialog.querySelector("input");
  #box = this.#dialog.querySelector(".trail");

  constructor(api) {
    this.#api = api;
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#load();
    });
  }

  /** @param {string} [who] A player, session or end code; without it, the operator types one. */
  open(who) {
    this.#box.replaceChildren();
    ask("explain-dialog");
    this.#input.value = who ?? "";
    if (who === undefined) return;
    // There is nothing to type, so phones should not show their keyboards.
    this.#box.focus();
    this.#load();
  }

  async #load() {
    const who = this.#input.value.trim();
    const outcome = await this.#api.insist(`v1/explain/${encodeURIComponent(who)}`);
    // Another one may have been asked for meanwhile.
    if (who !== this.#input.value.trim()) return;
    if (outcome.kind === "ok") this.#box.replaceChildren(...told(outcome.body));
    else this.#box.replaceChildren(element("p", { class: "problem" }, outcome.message ?? "The edge does not answer"));
  }
}

function told({ player, session, listener, ip, startedAt, steps, omitted }) {
  const head = element("p", {}, wordNode({ name: player }), ` (session ${session}) came by ${listener} from ${ip} at `);
  head.append(element("time", { datetime: startedAt }, clock(startedAt)));
  const items = steps.map(stepItem);
  if (omitted > 0) items.splice(Math.ceil(items.length / 2), 0, omission(omitted));
  return [head, element("ol", { class: "steps" }, ...items)];
}

function omission(omitted) {
  return element("li", { class: "quiet" }, `About here ${omitted} steps are not kept any more`);
}

function stepItem({ ms, step, text, candidates = [] }) {
  const line = element("p", {}, element("b", {}, step), " ", wordNode({ said: text }));
  const item = element("li", {}, element("span", { class: "when" }, `+${milliseconds(ms)}`), line);
  if (candidates.length > 0) item.append(candidateTable(candidates));
  return item;
}

const COLUMN_TITLES = ["Backend", "State", "Players", "Share", "Outcome"];

function candidateTable(candidates) {
  const titles = COLUMN_TITLES.map((title) => element("th", { scope: "col" }, title));
  const rows = candidates.map(({ backend, state, players, maxPlayers, share, picked, why }) =>
    element(
      "tr",
      picked ? { class: "picked" } : {},
      element("th", { scope: "row" }, wordNode({ name: backend })),
      element("td", {}, state),
      element("td", {}, ofMax(players, maxPlayers)),
      element("td", {}, `${Math.round(share * 100)} %`),
      element("td", {}, picked ? "picked" : why ?? ""),
    )
  );
  const head = element("thead", {}, element("tr", {}, ...titles));
  return element("table", { class: "candidates" }, head, element("tbody", {}, ...rows));
}

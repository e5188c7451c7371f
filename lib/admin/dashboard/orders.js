import { ask } from "./dialogs.js";
import { byId, element, setText, wordNode } from "./elements.js";
import { Notice } from "./notices.js";
import { planned } from "./plan.js";
import { count, ofMax, RELOADS } from "./words.js";

/** Columns of a line of chat. */
const COLUMNS = 64;

/** What an operator orders: asks for the details, gives the order, tells what became of it. */
export class Orders {
  #api;
  #given;

  /**
   * @param {import("./api.js").Api} api
   * @param {() => void} given Called when an order was given, whatever became of it.
   */
  constructor(api, given) {
    this.#api = api;
    this.#given = given;
    byId("announce-dialog").addEventListener("input", updateColumns);
  }

  async move(player, backends) {
    const choices = backends.filter(({ name }) => name !== player.backend);
    const best = choices.find(({ state }) => state === "up");
    const dialog = byId("move-dialog");
    const none = choices.length === 0 ? ["There is no other backend"] : [];
    dialog.querySelector(".choices").replaceChildren(
      ...choices.map((backend) => choice(backend, backend === best)),
      ...none,
    );
    dialog.querySelector("[type=submit]").disabled = choices.length === 0;
    const form = await ask("move-dialog", `Move ${player.name}`);
    const to = form?.get("to");
    if (to) this.#give(`Move ${player.name} to ${to}`, `v1/players/${encodeURIComponent(player.name)}/move`, { to });
  }

  async kick(player) {
    const form = await ask("kick-dialog", `Kick ${player.name}`);
    if (form === undefined) return;
    const reason = form.get("reason").trim();
    const order = reason === "" ? {} : { reason };
    this.#give(`Kick ${player.name}`, `v1/players/${encodeURIComponent(player.name)}/kick`, order);
  }

  async drain(backend) {
    const form = await ask("drain-dialog", `Drain ${backend.name}`);
    if (form === undefined) return;
    const move = form.get("move") === "move";
    this.#give(`Drain ${backend.name}`, `v1/backends/${encodeURIComponent(backend.name)}/drain`, { move });
  }

  enable(backend) {
    this.#give(`Enable ${backend.name}`, `v1/backends/${encodeURIComponent(backend.name)}/enable`, {});
  }

  async announce() {
    const answer = ask("announce-dialog");
    // The dialog has just been emptied.
    updateColumns();
    const text = (await answer)?.get("text").trim();
    if (text) this.#give("Announce", "v1/announce", { text });
  }

  async reload() {
    this.#showPlan();
    const confirm = (await ask("reload-dialog"))?.get("confirm");
    if (confirm === undefined) return;
    this.#giveReload("Reload", "v1/reload", confirm === "" ? {} : { confirm });
  }

  confirmReload() {
    this.#give("Keep the new configuration", "v1/reload/confirm", {});
  }

  rollBack() {
    this.#giveReload("Roll back", "v1/reload/rollback", {});
  }

  async #give(title, path, order) {
    const notice = new Notice(title);
    const outcome = await this.#api.insist(path, order);
    if (outcome.kind === "ok") notice.done(outcome.body.message);
    else this.#fail(notice, outcome, () => this.#give(title, path, order));
    this.#given();
  }

  async #giveReload(title, path, order) {
    const notice = new Notice(title);
    const outcome = await this.#api.insist(path, order);
    const { result, lines = [], warnings = [] } = outcome.body ?? {};
    if (result === undefined) this.#fail(notice, outcome, () => this.#giveReload(title, path, order));
    else notice.answer(result === "refused" ? "bad" : "good", [RELOADS[result], ...lines, ...warnings]);
    this.#given();
  }

  #fail(notice, outcome, again) {
    if (outcome.kind === "refused") notice.failed(outcome.message);
    else if (outcome.kind === "unauthorized") notice.failed("Not done: it takes the token", again);
    else notice.failed("The edge did not answer; whether the order arrived is not known", again);
  }

  async #showPlan() {
    const box = byId("reload-dialog").querySelector(".plan");
    box.replaceChildren(element("p", {}, "Looking what would change…"));
    const outcome = await this.#api.insist("v1/plan");
    if (outcome.kind === "ok") box.replaceChildren(...planned(outcome.body));
    else box.replaceChildren(element("p", { class: "problem" }, outcome.message ?? "The edge does not answer"));
  }
}

function choice(backend, isBest) {
  const input = element("input", { type: "radio", name: "to", value: backend.name, required: "" });
  input.defaultChecked = isBest;
  const facts = `${backend.state}, ${ofMax(backend.players, backend.maxPlayers)}`;
  return element(
    "label",
    { class: "choice" },
    input,
    wordNode({ name: backend.name }),
    element("span", { class: "quiet" }, facts),
  );
}

function updateColumns() {
  const { length } = Array.from(byId("announce-dialog").querySelector("input").value.trim());
  const lines = Math.max(1, Math.ceil(length / COLUMNS));
  setText(byId("announce-hint"), `${length} characters: ${count(lines, "line")} of ${COLUMNS} columns in chat`);
}

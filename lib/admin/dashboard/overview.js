import { drawBars } from "./charts.js";
import { byId, setAttributes, setText, setTone } from "./elements.js";
import { clock, duration, number } from "./words.js";

const SECOND_MS = 1000;

/** What the whole edge is and does: the head of the page, the figures, the configuration. */
export class Overview {
  #now;
  #name = "Kurafuto";
  #confirmBy;

  /** @param {() => number} now The time on the edge. */
  constructor(now) {
    this.#now = now;
    setInterval(() => this.#showCountdown(), SECOND_MS);
  }

  /** @param {number} urgent How many things need attention. */
  show(status, urgent) {
    const { name, version, uptimeSeconds, state, config } = status;
    this.#name = name;
    setText(byId("network"), name);
    setText(byId("facts"), `Kurafuto ${version}, up for ${duration(uptimeSeconds)}`);
    this.#showState(state, state === "running" ? "good" : "warn", urgent === 0 ? name : `(${urgent}) ${name}`);
    showFigures(status);
    showConfig(config);
    this.#confirmBy = config.confirmBy;
    this.#showCountdown();
  }

  /** All else that is shown is what was known last. */
  showLost(why) {
    this.#showState(why, "bad", `(${why}) ${this.#name}`);
  }

  #showState(state, tone, title) {
    setText(byId("state"), state);
    setTone(byId("state"), tone);
    document.title = title;
  }

  #showCountdown() {
    const bar = byId("confirm");
    bar.hidden = this.#confirmBy === undefined;
    if (bar.hidden) return;
    const left = Math.max(0, Math.ceil((Date.parse(this.#confirmBy) - this.#now()) / SECOND_MS));
    setText(bar.querySelector("p"), `The last reload is rolled back in ${duration(left)} unless it is kept.`);
  }
}

function showFigures({ players, maxPlayers, sessions, waiting, playersLost, startedAt, moves, movesPerMinute }) {
  const since = `since ${clock(startedAt)}`;
  showFigure("lost", playersLost, playersLost === 0 ? `nobody ${since}` : since, playersLost === 0 ? "good" : "bad");
  const others = sessions - players;
  showFigure("players", players, `of ${number(maxPlayers)}${others > 0 ? `, ${number(others)} coming or going` : ""}`);
  showFigure(
    "waiting",
    waiting,
    waiting === 0 ? "nobody" : "no backend took them yet",
    waiting === 0 ? "none" : "warn",
  );
  showFigure("moves", movesPerMinute.at(-1) ?? 0, `${number(moves)} ${since}`);
  const bars = byId("figure-moves").querySelector("svg");
  const minutes = `Moves in each of the last ${movesPerMinute.length} minutes: ${movesPerMinute.join(", ")}`;
  setAttributes(bars, { "aria-label": minutes });
  drawBars(bars, movesPerMinute);
}

function showFigure(id, value, note, tone = "none") {
  const figure = byId(`figure-${id}`);
  setTone(figure, tone);
  setText(figure.querySelector(".value"), number(value));
  setText(figure.querySelector(".note"), note);
}

function showConfig({ file, loadedAt, lastReload }) {
  setText(byId("config-file"), file);
  setText(byId("config-loaded"), clock(loadedAt));
  const last = lastReload === undefined
    ? "none"
    : `${lastReload.result} at ${clock(lastReload.at)}${lastReload.detail && `: ${lastReload.detail}`}`;
  setText(byId("config-reload"), last);
}

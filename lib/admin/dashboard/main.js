import { Api } from "./api.js";
import { Attention } from "./attention.js";
import { BackendTable } from "./backends.js";
import { ask, connectDialogs } from "./dialogs.js";
import { Doors } from "./doors.js";
import { byId, setText } from "./elements.js";
import { EventList } from "./events.js";
import { EventStream } from "./event_stream.js";
import { Orders } from "./orders.js";
import { Overview } from "./overview.js";
import { PlayerTable } from "./players.js";
import { Poller } from "./poller.js";
import { TrailDialog } from "./trail.js";
import { clock } from "./words.js";

connectDialogs();

const api = new Api(askToken);
const now = () => api.now();
const poller = new Poller(api, show, showFailure);
const orders = new Orders(api, () => poller.wake());
const trail = new TrailDialog(api);
const overview = new Overview(now);
const attention = new Attention();
const doors = new Doors(now);
const events = new EventList((session) => trail.open(session));
const backendTable = new BackendTable(now, orders);
const playerTable = new PlayerTable({
  move: (player) => orders.move(player, last.backends),
  kick: (player) => orders.kick(player),
  explain: ({ session }) => trail.open(session),
});
const stream = new EventStream(api, {
  fresh: () => poller.fresh(),
  take: (event, missed) => {
    events.add(event, missed);
    poller.wake();
  },
  state: (isLive) => events.showLive(isLive),
});

/** What was shown last. */
let last;
/** When that was, on our clock; 0 before the first time. */
let lastAt = 0;
/** Whether the token is missing, and was asked for. */
let isLocked = false;

byId("open-announce").addEventListener("click", () => orders.announce());
byId("open-explain").addEventListener("click", () => trail.open());
byId("open-reload").addEventListener("click", () => orders.reload());
byId("confirm-keep").addEventListener("click", () => orders.confirmReload());
byId("confirm-back").addEventListener("click", () => orders.rollBack());
byId("lost").querySelector("button").addEventListener("click", tryAgain);

poller.run();
stream.run();

function show(view) {
  const isAnother = last !== undefined && last.status.startedAt !== view.status.startedAt;
  last = view;
  lastAt = Date.now();
  isLocked = false;
  byId("lost").hidden = true;
  const { status, players, backends } = view;
  overview.show(status, attention.show(status, backends, now()));
  backendTable.show(backends);
  playerTable.show(players, backends);
  doors.show(status);
  if (!isAnother) return;
  events.note("The edge was started anew");
  stream.startAnew();
}

function showFailure(kind, message) {
  if (kind === "unauthorized") return showLocked();
  const seen = lastAt === 0 ? "" : ` What you see is from ${clock(lastAt)}.`;
  if (kind === "unreachable") {
    stream.reconnect();
    showBar(
      "cannot be reached",
      `The edge does not answer.${seen} Trying again.`,
    );
  } else {
    showBar("answers with errors", `The edge answers: ${message}.${seen}`);
  }
}

function showLocked() {
  showBar("locked", "This edge wants its token.");
  if (isLocked) return;
  isLocked = true;
  tryToken();
}

function showBar(state, text) {
  const bar = byId("lost");
  bar.hidden = false;
  setText(bar.querySelector("p"), text);
  overview.showLost(state);
}

function tryAgain() {
  if (isLocked) tryToken();
  else poller.wake();
}

async function tryToken() {
  if (!await api.askForToken()) return;
  isLocked = false;
  poller.wake();
}

async function askToken(isWrong) {
  setText(byId("token-problem"), isWrong ? "The edge did not take the token it was given." : "");
  return (await ask("token-dialog"))?.get("token");
}

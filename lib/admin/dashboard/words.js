/** How numbers, times and events read. */

const NUMBER = new Intl.NumberFormat("en");
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export function number(value) {
  return NUMBER.format(value);
}

/** As `1 player` or `12 players`. */
export function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** As `7 of 100`; a `max` of 0 is no limit. */
export function ofMax(value, max) {
  return max === 0 ? number(value) : `${number(value)} of ${number(max)}`;
}

/** As `8 s`, `4 min`, `3 h 12 min` or `2 d 5 h`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(whole / unit));
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return `${minutes} min`;
  return days === 0 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

/** As `0.4 ms`, `12 ms` or `1.5 s`. */
export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** The time of day where the page is read, and the day unless it is today. */
export function clock(time, now = new Date()) {
  const date = new Date(time);
  const isToday = date.toDateString() === now.toDateString();
  return isToday ? CLOCK.format(date) : `${DAY.format(date)} ${CLOCK.format(date)}`;
}

function who({ player, session }) {
  return { name: player, session };
}

function where(backend) {
  return backend === "" ? "the waiting room" : { name: backend };
}

function because(cause) {
  return cause ? [": ", { said: cause }] : [];
}

const CHANGES = {
  up: "is up",
  down: "is down",
  drained: "is drained",
  enabled: "is enabled",
  added: "was added",
  changed: "was changed",
  removed: "was removed",
};

/** What became of a reload. */
export const RELOADS = {
  "applied": "The configuration was reloaded",
  "unchanged": "A reload changed nothing",
  "refused": "A reload was refused",
  "confirmed": "The reload was confirmed",
  "rolled-back": "The reload was rolled back",
};

const EDGES = { draining: "is draining", "handed-over": "goes on in another process" };

const SENTENCES = {
  join: (e) => [who(e), " joined ", where(e.backend), ` by ${e.listener} from ${e.ip}`],
  leave: (e) => [
    who(e),
    ` left after ${duration(e.seconds)} (${e.reason}, ${e.code})`,
  ],
  move: (e) => [
    who(e),
    " moved from ",
    where(e.from),
    " to ",
    where(e.to),
    ` in ${milliseconds(e.ms)} (${e.signal})`,
  ],
  "move-failed": (e) => [
    who(e),
    " stays in ",
    where(e.from),
    ", not moved to ",
    where(e.to),
    ` (${e.signal})`,
    ...because(e.cause),
  ],
  wait: (e) => [who(e), " is in the waiting room", ...because(e.cause)],
  kick: (e) => [
    who(e),
    " was kicked from ",
    where(e.backend),
    ` (${e.reason})`,
    ...because(e.detail),
  ],
  chat: (e) => [who(e), " in ", where(e.backend), ...because(e.text)],
  backend: (e) => [where(e.backend), ` ${CHANGES[e.state] ?? e.state}`, ...because(e.cause)],
  reload: (e) => [RELOADS[e.result] ?? e.result, ...because(e.detail)],
  drill: (e) => [`Drill ${e.drill} has ${e.state}: ${e.fault} before `, where(e.backend), ...because(e.cause)],
  announce: (e) => [`Announced to ${count(e.players, "player")}`, ...because(e.text)],
  edge: (e) => [`The edge ${EDGES[e.state] ?? `has ${e.state}`}`],
};

/**
 * An event in words.
 *
 * @returns {import("./elements.js").Word[]}
 */
export function sentence(event) {
  return SENTENCES[event.event]?.(event) ?? [event.event];
}

/** @returns {"good" | "warn" | "bad" | "none"} How good the news of an event is. */
export function toneOf(event) {
  switch (event.event) {
    case "backend":
      return { up: "good", enabled: "good", down: "bad", drained: "warn" }[event.state] ?? "none";
    case "reload":
      return { "refused": "bad", "rolled-back": "warn" }[event.result] ?? "good";
    case "edge":
      return event.state === "started" ? "good" : "warn";
    case "kick":
    case "move-failed":
    case "wait":
    case "drill":
      return "warn";
    default:
      return "none";
  }
}

import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { isTable } from "./toml.ts";

/** Settings of `document` that others make pointless, though nothing is wrong with them, and what nobody is kept from for want of one. */
export function settingsWithoutEffect(document: Document): ConfigProblem[] {
  return [
    ...unreadHeaders(document),
    ...unusedSuffixes(document),
    ...borrowedNames(document),
    ...unheardChat(document),
  ];
}

/** Headers are read where browsers are. */
function unreadHeaders(document: Document): ConfigProblem[] {
  return document.tables("listener").filter(({ table }) =>
    Array.isArray(table.real_ip_from) && table.real_ip_from.length > 0 && table.websocket === false
  ).map(({ path }) => warning(document, [...path, "real_ip_from"], "websocket = false lets no web server in"));
}

/** Only a key that was checked tells which list a player comes from. */
function unusedSuffixes(document: Document): ConfigProblem[] {
  const unchecked = uncheckedListeners(document);
  return document.tables("heartbeat").filter(({ table }) =>
    (table.name_suffix ?? "") !== "" && unchecked.has(table.listener)
  ).map(({ path }) => warning(document, [...path, "name_suffix"], 'its listener has auth = "off"'));
}

/** A list shows the server to strangers, who may take any name where none is checked. */
function borrowedNames(document: Document): ConfigProblem[] {
  const unchecked = uncheckedListeners(document);
  return document.tables("heartbeat").filter(({ table }) =>
    (table.public ?? true) === true && unchecked.has(table.listener)
  ).map(({ path }) => {
    const place = [...path, "listener"];
    const message = 'Cannot vouch for names as the listener has auth = "off": anybody can play as anybody: ' +
      currentValue(document.valueAt(place));
    return document.problem(place, `${message} (set auth = "mppass" there, or public = false here)`);
  });
}

/** Names of the listeners that check no key. */
function uncheckedListeners(document: Document): ReadonlySet<unknown> {
  return new Set(
    document.tables("listener").filter(({ table }) => table.auth === "off").map(({ table }) => table.name),
  );
}

function unheardChat(document: Document): ConfigProblem[] {
  const { events, admin } = document.root;
  if (!isTable(events) || events.chat !== true || isTable(admin)) return [];
  const { file, stdout, command } = events;
  const isHeard = stdout === true || (file ?? "") !== "" || Array.isArray(command) && command.length > 0;
  return isHeard
    ? []
    : [warning(document, ["events", "chat"], "events go nowhere: there is no file, stdout, command or [admin]")];
}

function warning(document: Document, path: Path, reason: string): ConfigProblem {
  return document.problem(path, `Cannot take effect as ${reason}: ${currentValue(document.valueAt(path))}`);
}

import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { isTable } from "./toml.ts";

/** Settings of `document` that others make pointless, though nothing is wrong with them. */
export function settingsWithoutEffect(document: Document): ConfigProblem[] {
  return [...unreadHeaders(document), ...unusedSuffixes(document), ...unheardChat(document)];
}

/** Headers are read where browsers are. */
function unreadHeaders(document: Document): ConfigProblem[] {
  return document.tables("listener").filter(({ table }) =>
    Array.isArray(table.real_ip_from) && table.real_ip_from.length > 0 && table.websocket === false
  ).map(({ path }) => warning(document, [...path, "real_ip_from"], "websocket = false lets no web server in"));
}

/** Only a key that was checked tells which list a player comes from. */
function unusedSuffixes(document: Document): ConfigProblem[] {
  const unchecked = new Set(
    document.tables("listener").filter(({ table }) => table.auth === "off").map(({ table }) => table.name),
  );
  return document.tables("heartbeat").filter(({ table }) =>
    (table.name_suffix ?? "") !== "" && unchecked.has(table.listener)
  ).map(({ path }) => warning(document, [...path, "name_suffix"], 'its listener has auth = "off"'));
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

import type { EdgeStatus, ListingDetails } from "../admin/control.ts";
import { spokenDuration } from "./duration.ts";
import type { Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

/** How the edge is doing, a line for each thing. @param now Milliseconds since 1970. */
export function statusText(status: EdgeStatus, now: number, paint: Paint): string {
  const { config, playersLost, movesPerMinute } = status;
  const state = status.state === "running" ? paint("running", "green") : paint("draining", "yellow");
  const recent = movesPerMinute.reduce((sum, count) => sum + count, 0);
  const rows: readonly (readonly [string, string])[] = [
    [
      "edge",
      `${escapeUnsafe(status.name)}, ${state} for ${spokenDuration(status.uptimeSeconds)}, version ${
        escapeUnsafe(status.version)
      }`,
    ],
    [
      "players",
      `${status.players} of ${status.maxPlayers}, ${status.waiting} in the waiting room; ${
        counted(status.sessions, "session")
      }`,
    ],
    ["lost", paint(counted(playersLost, "player"), playersLost === 0 ? "green" : "red")],
    ["moves", `${status.moves}, ${recent} in the last ${movesPerMinute.length} minutes`],
    ...status.listeners.map(({ name, address, players }) =>
      ["listener", `${escapeUnsafe(name)} on ${escapeUnsafe(address)}, ${counted(players, "player")}`] as const
    ),
    ...status.listings.map((listing) => ["listing", listingText(listing, now, paint)] as const),
    [
      "config",
      `${config.file === "" ? "" : `${escapeUnsafe(config.file)}, `}in effect for ${since(config.loadedAt, now)}`,
    ],
    ...reloadRows(config, now, paint),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function listingText({ listener, list, url, problem, lastSuccess }: ListingDetails, now: number, paint: Paint): string {
  const beat = lastSuccess === 0 ? "no beat yet" : `last beat ${spokenDuration(now / 1000 - lastSuccess)} ago`;
  const state = problem === undefined ? paint("listed", "green") : paint(escapeUnsafe(problem), "red");
  return `${escapeUnsafe(listener)} in ${escapeUnsafe(list)}: ${state}, ${beat}${
    url === undefined ? "" : `, ${escapeUnsafe(url)}`
  }`;
}

function reloadRows(
  { lastReload, confirmBy }: EdgeStatus["config"],
  now: number,
  paint: Paint,
): readonly (readonly [string, string])[] {
  const rows: [string, string][] = [];
  if (lastReload !== undefined) {
    const { at, result, detail } = lastReload;
    const text = paint(result, result === "refused" ? "red" : undefined);
    rows.push(["reload", `${text} ${since(at, now)} ago${detail === "" ? "" : `: ${escapeUnsafe(detail)}`}`]);
  }
  if (confirmBy !== undefined) {
    rows.push(["confirm", paint(`within ${until(confirmBy, now)}, or the last reload is rolled back`, "yellow")]);
  }
  return rows;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function since(time: string, now: number): string {
  return spokenDuration((now - Date.parse(time)) / 1000);
}

function until(time: string, now: number): string {
  return spokenDuration((Date.parse(time) - now) / 1000);
}

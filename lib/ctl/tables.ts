/** Players and backends, a line for each. */
import type { BackendDetails, PlayerStatus } from "../admin/control.ts";
import { spokenDuration } from "./duration.ts";
import type { Colour, Paint } from "./paint.ts";
import { type Cell, table } from "./table.ts";

const STATE_COLOURS: Readonly<Record<string, Colour>> = {
  up: "green",
  down: "red",
  drained: "yellow",
  full: "yellow",
  joining: "grey",
  moving: "grey",
  leaving: "grey",
  waiting: "yellow",
};

/** The state of a player or of a backend. */
export function stateCell(state: string): Cell {
  const colour = STATE_COLOURS[state];
  return colour === undefined ? state : { text: state, colour };
}

export function playersTable(players: readonly PlayerStatus[], paint: Paint): string {
  if (players.length === 0) return "nobody is here\n";
  const header = ["PLAYER", "ON", "STATE", "THERE", "ONLINE", "MOVES", "VIA", "FROM", "CLIENT", "SESSION"];
  const rows = players.map((player): readonly Cell[] => [
    player.name,
    player.backend === "" ? "-" : player.backend,
    stateCell(player.state),
    player.backend === "" ? "-" : spokenDuration(player.secondsThere),
    spokenDuration(player.seconds),
    player.moves,
    `${player.listener}${player.transport === "websocket" ? ", browser" : ""}${player.secure ? ", TLS" : ""}`,
    player.ip,
    player.client,
    player.session,
  ]);
  return table(header, rows, paint);
}

/** @param now Milliseconds since 1970. */
export function backendsTable(backends: readonly BackendDetails[], now: number, paint: Paint): string {
  if (backends.length === 0) return "there is no backend\n";
  const header = ["BACKEND", "STATE", "FOR", "PLAYERS", "ANSWERS IN", "POOLS", "ADDRESS", "CAUSE"];
  const rows = backends.map((backend): readonly Cell[] => {
    const latency = backend.latencies.at(-1);
    return [
      backend.name,
      stateCell(backend.drained && backend.state === "down" ? "down, drained" : backend.state),
      spokenDuration((now - Date.parse(backend.since)) / 1000),
      ofMost(backend.players, backend.maxPlayers),
      latency === undefined ? "-" : `${latency.toFixed(1)} ms`,
      backend.pools.join(", "),
      backend.address,
      backend.cause ?? "",
    ];
  });
  return table(header, rows, paint);
}

/** A number of players beside the limit, which 0 says there is none of. */
export function ofMost(players: number, maxPlayers: number): string {
  return maxPlayers === 0 ? String(players) : `${players}/${maxPlayers}`;
}

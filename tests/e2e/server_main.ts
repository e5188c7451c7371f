/**
 * A demo server as a program: its options are one JSON argument, it is told what to do by lines on standard input, and it tells
 * what happens by lines of JSON on standard output. See server_process.ts.
 */
import { type ClassicServerOptions, DEFAULT_EXTENSIONS } from "../../lib/demo/options.ts";
import * as presets from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateFlat } from "../../lib/demo/world.ts";
import type { ServerOrder, ServerProcessOptions, ServerReport, Software } from "./server_process.ts";

/** Bytes that begin no packet of any dialect. */
const NOISE = new Uint8Array(100).fill(0xee);

const SOFTWARE: Readonly<Record<Software, () => ClassicServerOptions>> = {
  demo: () => ({ extensions: DEFAULT_EXTENSIONS }),
  mcgalaxy: presets.mcgalaxy,
  cserver: presets.cserver,
  mcchost: presets.mcchost,
  classicborne: presets.classicborne,
  vanilla: presets.vanilla,
};

const encoder = new TextEncoder();

function report(what: ServerReport): void {
  const line = encoder.encode(`${JSON.stringify(what)}\n`);
  for (let at = 0; at < line.length;) at += Deno.stdout.writeSync(line.subarray(at));
}

/** `count` of the players, the first of them chosen by `from`. */
function some(players: readonly string[], from: number, count: number): readonly string[] {
  const start = players.length === 0 ? 0 : from % players.length;
  return [...players.slice(start), ...players.slice(0, start)].slice(0, count);
}

function obey(server: ClassicServer, order: ServerOrder): void {
  switch (order.kind) {
    case "kick":
      for (const player of some(server.players, order.from, order.count)) server.kick(player, order.text);
      break;
    case "noise":
      for (const player of some(server.players, order.from, order.count)) server.sendBytes(player, NOISE);
      break;
    case "list":
      report({ kind: "players", players: server.players });
  }
}

const { software, options }: ServerProcessOptions = JSON.parse(Deno.args[0] ?? "{}");
const server = await ClassicServer.start({
  ...SOFTWARE[software](),
  ...options,
  world: generateFlat(16, 16, 16),
  onEvent: (event) => {
    if (event.kind === "chat") report({ kind: "chat", player: event.player, text: event.text });
  },
});
report({ kind: "listening", port: server.port });

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) obey(server, JSON.parse(line));
}
Deno.exit();

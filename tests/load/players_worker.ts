/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The thread of {@linkcode PlayersThread}: a server and many players on it, who ping it through the edge. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { Bot } from "../harness/bot.ts";
import type { PlayersOrder, PlayersReport, Way } from "./players_thread.ts";

/** Milliseconds between two pings of one player. */
const PING_MS = 100;
const TIMEOUT_MS = 20_000;

const server = await ClassicServer.start({ maxPlayers: 200 });
const bots: Bot[] = [];
let lost = 0;
let pings: Record<Way, number[]> = { flooded: [], spared: [] };

function report(what: PlayersReport): void {
  self.postMessage(what);
}

async function play(bot: Bot, way: Way): Promise<void> {
  try {
    while (true) {
      const start = performance.now();
      await bot.ping({ timeoutMs: TIMEOUT_MS });
      const end = performance.now();
      pings[way].push(end - start);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, start + PING_MS - end)));
    }
  } catch {
    lost++;
  }
}

self.addEventListener("message", async ({ data: order }: MessageEvent<PlayersOrder>) => {
  switch (order.kind) {
    case "join":
      for (let index = 0; index < order.count; index++) {
        const name = `${order.way}${index}`;
        const bot = await Bot.connect(order.target, { name, extensions: CLASSICUBE, timeoutMs: TIMEOUT_MS });
        await bot.joined();
        bots.push(bot);
        void play(bot, order.way);
      }
      report({ kind: "joined" });
      break;
    case "take": {
      const taken = pings;
      pings = { flooded: [], spared: [] };
      report({ kind: "taken", pings: taken, lost, violations: bots.flatMap(({ violations }) => violations) });
    }
  }
});
report({ kind: "ready", address: server.address });

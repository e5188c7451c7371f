/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The thread of a {@linkcode Witness}: a server, and a player on it who pings it through the edge. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { Bot } from "../harness/bot.ts";
import type { WitnessOrder, WitnessReport } from "./witness.ts";

const PING_MS = 20;

const server = await ClassicServer.start();
const leaving = Promise.withResolvers<void>();
let worst = 0;

function report(what: WitnessReport): void {
  self.postMessage(what);
}

async function watch(bot: Bot): Promise<void> {
  let isOver = false;
  leaving.promise.then(() => isOver = true);
  while (!isOver) {
    const start = performance.now();
    await bot.ping();
    const end = performance.now();
    worst = Math.max(worst, end - start);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, start + PING_MS - end)));
  }
}

self.addEventListener("message", async ({ data: order }: MessageEvent<WitnessOrder>) => {
  if (order.kind === "leave") {
    leaving.resolve();
  } else if (order.kind === "worst") {
    report({ kind: "worst", ms: worst });
    worst = 0;
  } else {
    const bot = await Bot.connect(order.target, { name: "Witness", extensions: CLASSICUBE });
    await bot.joined();
    report({ kind: "joined" });
    await watch(bot);
    await bot.halfClose();
    await bot.closed();
    await server.kill();
    report({ kind: "left", violations: bot.violations });
  }
});
report({ kind: "ready", address: server.address });

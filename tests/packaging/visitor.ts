/** A player who tries the demo out: `deno run --allow-all tests/packaging/visitor.ts [PORT]`. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";

/** Where the demo listens. */
export const DEMO_PORT = 25565;
const START_MS = 60_000;

/** Joins as soon as the demo takes players, plays in the first world, goes to the other one, plays there, and leaves. */
export async function visit(port = DEMO_PORT): Promise<void> {
  const target = { hostname: "127.0.0.1", port };
  const connect = (): Promise<Bot | undefined> =>
    Bot.connect(target, { extensions: CLASSICUBE }).catch(() => undefined);
  await using bot = await eventually(connect, `the demo on port ${port}`, { timeoutMs: START_MS });
  await bot.joined({ timeoutMs: START_MS });
  const { serverName } = bot.state.player;
  const other = serverName === "hub" ? "arena" : "hub";
  await speak(bot, serverName);
  await bot.chat(`/server ${other}`);
  await bot.until(({ state }) => state.isJoined && state.player.serverName === other, `the world ${other}`);
  await speak(bot, other);
  if (bot.violations.length > 0) throw new Error(`Cannot play in the demo: ${bot.violations.join("; ")}`);
}

/** Says something and waits until the world has said it to everybody. */
async function speak(bot: Bot, world: string): Promise<void> {
  await bot.chat(`in ${world}`);
  await bot.chatLine(new RegExp(`: &fin ${world}$`));
}

if (import.meta.main) {
  await visit(Deno.args[0] === undefined ? undefined : Number(Deno.args[0]));
  console.log("joined, played, moved and played");
}

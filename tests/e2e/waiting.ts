/** The waiting room as a player sees it. */
import { GARDEN_SIZES } from "../../lib/session/waiting_garden.ts";
import { assertEquals } from "../harness/assert.ts";
import type { Bot } from "../harness/bot.ts";

/** In the last line of the room's greeting, which is the last thing that comes before the player does something. */
export const GREETING = "You wait here until one takes you";
const { xSize, ySize, zSize } = GARDEN_SIZES;

/** Waits until the bot stands in the waiting room and has read why, which is `cause`. */
export async function waits(bot: Bot, cause: string): Promise<void> {
  await bot.until(({ state: { isJoined, map, screen } }) => {
    const { x, y, z } = map.size;
    return isJoined && x === xSize && y === ySize && z === zSize && screen.chat.some((line) => line.endsWith(cause));
  }, `the waiting room because of ${JSON.stringify(cause)}`);
  assertEquals(bot.violations, []);
}

/** Ends the connection in order, and waits until the other side has closed it too, without a kick. */
export async function depart(bot: Bot): Promise<void> {
  await bot.halfClose();
  await bot.closed();
  assertEquals(bot.violations, []);
}

import { BLOCK, visibleBlock } from "../../lib/demo/block.ts";
import type { Place } from "../../lib/demo/world.ts";
import { TEXT_SIZE } from "../../lib/protocol/text.ts";
import { assertEquals } from "../harness/assert.ts";
import type { Position } from "../harness/client/entities.ts";
import type { Player } from "./player.ts";

/** Those who are there already. */
export type Others = readonly [Player, ...Player[]];

/** Above everything in the hub. */
const SKY = 31;
/** 53 is air and 54 is lava to those without CustomBlocks. */
const CUSTOM_BLOCKS = [50, 51, 52, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65];
const EXTENDED_BLOCKS = [256, 300, 767];
/** The furthest a coordinate of 16 bits reaches. */
const FAR = 32_767;
const BEYOND = 100_000;
/** What clients without an extension say in the place of it. */
const SELF = 255;
/** Longer than two packets, with spaces at their seams. */
const LONG_TEXT = "far ".repeat(40) + "end";

/**
 * A visitor who has just joined does all there is to do, before players who are there already: each sees what the other does,
 * in the extensions that each has.
 */
export async function visit(visitor: Player, others: Others): Promise<void> {
  visitor.assertMap();
  visitor.assertSpawnedRight();
  await meet(visitor, others);
  await walk(visitor, others);
  await talk(visitor, others);
  await build(visitor, others);
  if (visitor.bot.extensions.has("TwoWayPing")) await visitor.bot.ping();
  assertEquals(visitor.bot.violations, []);
  for (const { bot } of others) assertEquals(bot.violations, []);
}

/** The visitor leaves, which all others see. */
export async function depart(visitor: Player, others: Others): Promise<void> {
  await visitor.leave();
  await Promise.all(others.map((other) => other.losesPlayer(visitor.name)));
}

async function meet(visitor: Player, others: readonly Player[]): Promise<void> {
  await Promise.all(others.flatMap((other) => [other.seesPlayer(visitor.name), visitor.seesPlayer(other.name)]));
}

async function walk(visitor: Player, others: readonly Player[]): Promise<void> {
  const everybody = [visitor, ...others];
  const { x, y, z } = visitor.server.world.spawn;
  await go(everybody, (index) => ({ x: x + 20 * index, y, z: z - 7, yaw: 64, pitch: index }));
  await go(everybody, (index) => ({ x: x + 20 * index + 5, y: y + 90, z: z - 40, yaw: 65, pitch: index }));
  await go(everybody, (index) => ({ x: -700 - index, y: 1200, z: 900, yaw: 200, pitch: 250 }));
  const held = visitor.spoken.has("HeldBlock") ? visitor.bot.state.blocks.held : SELF;
  assertEquals((await visitor.server.received("PlayerPosition", visitor.name))?.held, held);
  if (!visitor.bot.extensions.has("ExtEntityPositions")) return;
  const reach = visitor.spoken.has("ExtEntityPositions") ? BEYOND : FAR;
  const away = { y: 640, yaw: 1, pitch: 2 };
  await goAndBeSeen(visitor, others, { x: BEYOND, z: -BEYOND, ...away }, { x: reach, z: -reach, ...away });
}

/** All go somewhere at the same time. */
async function go(players: readonly Player[], target: (index: number) => Position): Promise<void> {
  await Promise.all(
    players.map((player, index) => goAndBeSeen(player, players.filter((other) => other !== player), target(index))),
  );
}

/** @param arrival Where the server takes the player to be, if that is somewhere else. */
async function goAndBeSeen(
  player: Player,
  witnesses: readonly Player[],
  target: Position,
  arrival: Position = target,
): Promise<void> {
  const { x, y, z, yaw, pitch } = target;
  await player.bot.move(x, y, z, yaw, pitch);
  await Promise.all(witnesses.map((witness) => witness.seesAt(player.name, arrival)));
}

async function talk(visitor: Player, others: readonly Player[]): Promise<void> {
  const { extensions } = visitor.bot;
  const symbols = (extensions.has("FullCP437") ? "é█" : "") + (extensions.has("EmoteFix") ? "☺" : "");
  await visitor.bot.chat(`&ahello &c${symbols}.`);
  const said = `%ahello %c${understood(symbols, visitor)}.`;
  await visitor.server.heard(visitor.name, [said]);
  const line = lineOf(visitor.name, said);
  await Promise.all([visitor, ...others].map((player) => player.seesLine(line)));
  for (const other of others) {
    const answer = `&bhello ${visitor.name} ${other.bot.extensions.has("FullCP437") ? "ü▓" : "u"}`;
    await other.bot.chat(answer);
    await visitor.seesLine(lineOf(other.name, understood(answer.replaceAll("&", "%"), other)));
  }
  await visitor.bot.chat(LONG_TEXT);
  const joins = visitor.spoken.has("LongerMessages");
  await visitor.server.heard(visitor.name, joins ? [LONG_TEXT] : parts(LONG_TEXT));
  assertEquals((await visitor.server.received("PlayerMessage", visitor.name))?.partial, joins ? 0 : SELF);
}

/** What reaches a server of what a player types. */
function understood(text: string, { spoken }: Player): string {
  const withoutHigh = spoken.has("FullCP437") ? text : text.replaceAll(/[é█ü▓]/g, "?");
  return spoken.has("EmoteFix") ? withoutHigh : withoutHigh.replaceAll("☺", "?");
}

function lineOf(name: string, said: string): string {
  return `&f${name}&7: &f${said.replaceAll("%", "&")}`;
}

/** What is left of a long text where each of its packets is a message of its own. */
function parts(text: string): readonly string[] {
  const count = Math.ceil(text.length / TEXT_SIZE);
  return Array.from(
    { length: count },
    (_, part) => text.slice(part * TEXT_SIZE, (part + 1) * TEXT_SIZE).trimEnd(),
  );
}

async function build(visitor: Player, others: Others): Promise<void> {
  const [first, ...rest] = others;
  await buildAndBeSeen(visitor, others, 3);
  await buildAndBeSeen(first, [visitor, ...rest], 4);
}

/** @param row Where no witness has built: what one built oneself one sees before the server agrees. */
async function buildAndBeSeen(builder: Player, witnesses: readonly Player[], row: number): Promise<void> {
  const blocks = blocksOf(builder).map((block, index) => {
    const place: Place = [2 + index, SKY, row];
    return { place, block, placed: visibleBlock(block, builder.spoken) };
  });
  for (const { place, block } of blocks) await builder.bot.place(...place, block);
  for (const { place, placed } of blocks) {
    await Promise.all([builder, ...witnesses].map((player) => player.seesBlock(place, placed)));
    assertEquals(builder.server.world.get(...place), placed);
  }
  for (const { place } of blocks) await builder.bot.break(...place);
  for (const { place } of blocks) {
    await Promise.all(witnesses.map((witness) => witness.seesBlock(place, BLOCK.AIR)));
    assertEquals(builder.server.world.get(...place), BLOCK.AIR);
  }
}

/** What a player can build with: the client's blocks, and those that the server defined. */
function blocksOf({ bot: { extensions }, spoken }: Player): readonly number[] {
  return [
    BLOCK.GOLD,
    ...extensions.has("CustomBlocks") ? CUSTOM_BLOCKS : [],
    ...extensions.has("ExtendedBlocks") ? EXTENDED_BLOCKS : [],
    ...spoken.has("BlockDefinitions") ? [BLOCK.LANTERN, BLOCK.BENCH] : [],
  ];
}

import type { Bot } from "../harness/bot.ts";

/**
 * All that a client will keep of its server, but for what differs from login to login.
 *
 * - Everybody has another id each time they come, and stands somewhere else: entities and the list of players are told by
 *   name, and without positions.
 * - What a client with HeldBlock but without SetHotbar was given to hold has moved other blocks about in its hotbar, which no packet
 *   puts back.
 */
export function lastingState({ state, extensions }: Bot): unknown {
  const { entities: _, blocks, ...rest } = state.snapshot();
  const figures = [...state.entities.entities.values()].map(({ position: _, ...look }) => look);
  const listed = [...state.entities.tabList.values()].map(({ linked: _, ...shown }) => shown);
  const hotbarStays = extensions.has("HeldBlock") && !extensions.has("SetHotbar");
  return {
    ...rest,
    blocks: hotbarStays ? Object.assign({}, blocks, { hotbar: [] }) : blocks,
    figures: figures.toSorted((a, b) => a.name < b.name ? -1 : 1),
    listed: listed.toSorted((a, b) => a.playerName < b.playerName ? -1 : 1),
    spawn: state.entities.spawn,
  };
}

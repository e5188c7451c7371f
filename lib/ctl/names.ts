import type { AdminClient } from "../admin/client.ts";
import type { NameKind } from "../command_line/commands.ts";

/** Names that the edge knows, for completions. */
export async function knownNames(client: AdminClient, kind: NameKind): Promise<readonly string[]> {
  if (kind === "players") return (await client.players()).players.map(({ name }) => name);
  const { backends } = await client.backends();
  const names = backends.map(({ name }) => name);
  if (kind === "backends") return names;
  return [...names, ...new Set(backends.flatMap(({ pools }) => pools))];
}

import type { Asker, Destination } from "../session/routes.ts";
import type { Directory } from "./directory.ts";

/** What `name` leads to for a player on the backend `here`, empty where they are on none: whoever is on a pool's backend is there. */
export function lookUp(directory: Directory, name: string, by: Asker, here: string): Destination {
  const named = directory.find(name, by);
  if (named === undefined) return { kind: "unknown", name, nearest: directory.nearest(name, by) };
  if (named.members.some((backend) => backend.name === here)) return { kind: "here", name: named.name };
  const states = new Set(named.reachable.map(({ state }) => state));
  if (states.has("up")) return { kind: "open", name: named.name };
  const why = states.has("full") ? "full" : states.has("drained") ? "drained" : "down";
  return { kind: "closed", name: named.name, why };
}

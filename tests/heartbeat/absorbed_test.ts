import { Absorbed } from "../../lib/heartbeat/absorbed.ts";
import { assertEquals } from "../harness/assert.ts";

const BEAT = {
  ...{ port: 25565, players: 3, maxPlayers: 16, salt: "secret", name: "Hub", software: "MCGalaxy" },
  ...{ public: false, version: 7, web: true },
};

Deno.test("the last heartbeat of a backend is known without its salt, and how old it is", () => {
  const absorbed = new Absorbed();
  assertEquals(absorbed.last("hub", 0), undefined);
  absorbed.note("hub", BEAT, 1000);
  absorbed.note("hub", { ...BEAT, players: 4 }, 31_000);
  const { salt: _, ...said } = BEAT;
  assertEquals(absorbed.last("hub", 32_500), { ...said, players: 4, ageMs: 1500, isFresh: true });
  assertEquals(absorbed.last("other", 32_500), undefined);
});

Deno.test("a heartbeat counts for 95 seconds", () => {
  const absorbed = new Absorbed();
  absorbed.note("hub", BEAT, 1000);
  absorbed.note("games", BEAT, 30_000);
  const fresh = (now: number): string[] => ["hub", "games"].filter((name) => absorbed.last(name, now)?.isFresh);
  assertEquals(fresh(96_000), ["hub", "games"]);
  assertEquals(fresh(96_001), ["games"]);
});

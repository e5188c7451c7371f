import { assert, assertEquals } from "../harness/assert.ts";
import type { ClassicServerOptions, ServerEvent } from "../../lib/demo/options.ts";
import * as presets from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { generateHub } from "../../lib/demo/hub.ts";
import { Client, mapOf } from "./client.ts";

const PRESETS = {
  mcgalaxy: presets.mcgalaxy,
  cserver: presets.cserver,
  mcchost: presets.mcchost,
  classicborne: presets.classicborne,
  vanilla: presets.vanilla,
};

Deno.test("the extension sets have the sizes the real ones have", () => {
  const { NONE, CLASSICBORNE, CSERVER, MCCHOST, MCGALAXY, CLASSICUBE } = presets;
  // mcchost's 37 entries: one doubled, one that nobody else knows.
  assertEquals([NONE, CLASSICBORNE, CSERVER, MCCHOST, MCGALAXY, CLASSICUBE].map(({ size }) => size), [
    0,
    13,
    35,
    35,
    40,
    41,
  ]);
});

Deno.test("MCGalaxy announces EnvMapAppearance twice and classicborne SetHotbar with version 0", () => {
  const versions = (options: ClassicServerOptions, wanted: string): number[] =>
    (options.announce ?? []).filter(({ name }) => name === wanted).map(({ version }) => version);
  assertEquals(versions(presets.mcgalaxy(), "EnvMapAppearance"), [1, 2]);
  assertEquals(versions(presets.classicborne(), "SetHotbar"), [0]);
  assertEquals(presets.mcchost().announce?.length, 37);
});

for (const [name, preset] of Object.entries(PRESETS)) {
  Deno.test(`a server like ${name} takes the ClassiCube client and everything is framed right`, async () => {
    const world = generateHub();
    await using server = await ClassicServer.start({ ...preset(), world, residents: 2 });
    const cpe = name === "vanilla" ? {} : { extensions: presets.CLASSICUBE };
    await using client = await Client.join(server, cpe);
    await client.send("PlayerMessage", { partial: 0, message: "hello" });
    await client.next("Message", ({ message }) => message.endsWith("hello"));
    assertEquals(client.end, undefined);
    assertEquals(mapOf(client.seen, client.dialect).length, world.blocks.length);
  });
}

const TRACES = new URL("../../../shared/traces/", import.meta.url);

const CHAT = ["/where", "hello"];
const CPE = { extensions: presets.CLASSICUBE };
const RECORDINGS = [
  { name: "mcgalaxy-flat.classicube-cpe", preset: presets.mcgalaxy, speaker: CPE, chat: CHAT },
  { name: "mcgalaxy-island.classicube-cpe", preset: presets.mcgalaxy, speaker: CPE, chat: CHAT },
  { name: "mcgalaxy-flat.classicube-vanilla30", preset: presets.mcgalaxy, speaker: {}, chat: CHAT },
  { name: "mcgalaxy-flat.classicube-vanilla30", preset: presets.vanilla, speaker: {}, chat: CHAT },
  { name: "mcgalaxy-flat.classicube-proto5", preset: presets.mcgalaxy, speaker: { protocol: 5 }, chat: CHAT },
  { name: "mcgalaxy-flat.npm-classic-client", preset: presets.vanilla, speaker: {}, chat: ["/where", "hi"] },
  { name: "cserver.classicube-cpe", preset: presets.cserver, speaker: CPE, chat: CHAT },
  { name: "mcchost.classicube-cpe", preset: presets.mcchost, speaker: CPE, chat: CHAT },
  { name: "classicborne.classicube-cpe", preset: presets.classicborne, speaker: CPE, chat: CHAT },
] as const;

for (const { name, preset, speaker, chat } of RECORDINGS) {
  const recording = await recorded(name);
  Deno.test({
    name: `a server like ${preset.name} takes what a real client sent in ${name}`,
    ignore: recording === undefined,
    fn: async () => {
      assert(recording !== undefined);
      const events: ServerEvent[] = [];
      await using server = await ClassicServer.start({ ...preset(), onEvent: (event) => events.push(event) });
      await using client = await Client.connect(server, speaker);
      await client.write(recording);
      await client.send("PlayerMessage", { partial: 0, message: "end" });
      await client.next("Message", ({ message }) => message.endsWith("end"));
      await client.spawned();
      assertEquals(said(events), [...chat, "end"]);
      assertEquals([server.players.length, client.end], [1, undefined]);
    },
  });
}

async function recorded(name: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(new URL(`${name}.c2s.bin`, TRACES));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`Skipped, as the recording is not there: ${name}`);
    return undefined;
  }
}

function said(events: readonly ServerEvent[]): string[] {
  return events.flatMap((event) => event.kind === "chat" ? [event.text] : []);
}

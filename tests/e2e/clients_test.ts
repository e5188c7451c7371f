import * as presets from "../../lib/demo/presets.ts";
import type { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { assertEquals } from "../harness/assert.ts";
import type { BotOptions } from "../harness/bot.ts";
import type { Position } from "../harness/client/entities.ts";
import { type LogLine, network, Program } from "../harness/program.ts";
import { NpmPlayer } from "./npm_player.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { depart, visit } from "./visit.ts";

const MODES = [["main", "parse"], ["raw", "raw"]] as const;
const HAS_IPV6 = Deno.networkInterfaces().some(({ address }) => address === "::1");
const HERE: Position = { x: 900, y: 800, z: 700, yaw: 12, pitch: 3 };
const THERE: Position = { x: -64, y: 90, z: 1, yaw: 200, pitch: 9 };

/** What is left to look at when a player has left. */
interface Played {
  /** The extensions between the client and the edge. */
  readonly known: ExtensionSet;
  /** The extensions between the edge and the server. */
  readonly spoken: ExtensionSet;
  /** What the log says at the end. */
  readonly line: LogLine;
}

function startEdge(server: ObservedServer): Promise<Program> {
  const six = ["[[listener]]", 'name = "six"', 'bind = "[::1]:0"', 'pool = "all"', 'auth = "off"'];
  const config = [network([{ name: "hub", address: server.address }]), ...HAS_IPV6 ? six : []];
  return Program.start({ config: config.join("\n") });
}

/** Somebody who is on the server already, connected without the edge. */
function neighbourOn(server: ObservedServer): Promise<Player> {
  return Player.join(server.target, server, { name: "neighbour", extensions: presets.CLASSICUBE });
}

/** Plays on a server through the edge's listener called `listener`. */
async function playOn(server: ObservedServer, listener: string, client: BotOptions): Promise<Played> {
  await using program = await startEdge(server);
  await using neighbour = await neighbourOn(server);
  await using visitor = await Player.join(program.target(listener), server, { name: "visitor", ...client });
  await visit(visitor, [neighbour]);
  await depart(visitor, [neighbour]);
  const line = await program.ended(1);
  assertEquals([line.code, line.reason, line.server], ["CP", "client-left", "hub"]);
  return { known: visitor.bot.extensions, spoken: visitor.spoken, line };
}

for (const [listener, mode] of MODES) {
  for (const [software, options] of [["MCGalaxy", presets.mcgalaxy()], ["cserver", presets.cserver()]] as const) {
    Deno.test(`minecraft-classic-protocol plays on ${software} in ${mode} mode`, async () => {
      await using server = await ObservedServer.start(options);
      await using program = await startEdge(server);
      await using neighbour = await neighbourOn(server);
      await using npm = await NpmPlayer.join(program.target(listener), "Npm");
      npm.assertMap(server.world);
      await Promise.all([neighbour.seesPlayer("Npm"), server.joined("Npm")]);
      npm.move(HERE);
      await neighbour.seesAt("Npm", HERE);
      await neighbour.bot.move(THERE.x, THERE.y, THERE.z, THERE.yaw, THERE.pitch);
      await npm.seesAt("neighbour", THERE);
      npm.say("%ahello");
      await Promise.all([neighbour, npm].map((player) => player.seesLine("&fNpm&7: &f&ahello")));
      await neighbour.bot.chat("&bhi");
      await npm.seesLine("&fneighbour&7: &f&bhi");
      npm.place([1, 31, 1], 41);
      await Promise.all([neighbour, npm].map((player) => player.seesBlock([1, 31, 1], 41)));
      await neighbour.bot.place(2, 31, 1, 52);
      await npm.seesBlock([2, 31, 1], 12);
      await npm.leave();
      await neighbour.losesPlayer("Npm");
      assertEquals((await program.ended(1)).code, "CP");
    });
  }

  for (const protocol of [3, 4, 5, 6] as const) {
    Deno.test(`a client of protocol ${protocol} plays in ${mode} mode`, async () => {
      await using server = await ObservedServer.start(presets.mcgalaxy());
      await playOn(server, listener, { protocol });
    });
  }

  Deno.test(`a client that sends single bytes plays in ${mode} mode`, async () => {
    await using server = await ObservedServer.start(presets.mcgalaxy());
    const { spoken } = await playOn(server, listener, { extensions: presets.CLASSICUBE, chunking: "bytes" });
    assertEquals(spoken.key, presets.CLASSICUBE.intersect(presets.MCGALAXY).key);
  });
}

Deno.test("ClassiCube with its option 'custom blocks' off plays beside 16-bit blocks", async () => {
  await using server = await ObservedServer.start({ extensions: presets.CLASSICUBE });
  const options = { extensions: presets.CLASSICUBE, quirk: "customBlocksOff" } as const;
  const { known, spoken } = await playOn(server, "main", options);
  const wanted = presets.CLASSICUBE.without("BlockDefinitions", "BlockDefinitionsExt", "ExtendedBlocks");
  assertEquals([known.key, spoken.key], [wanted.key, wanted.key]);
});

Deno.test("ClassiCube 1.3.5, which repeats a version of EnvMapAspect it does not have, plays", async () => {
  await using server = await ObservedServer.start({ extensions: presets.CLASSICUBE });
  const extensions = presets.CLASSICUBE.with("EnvMapAspect", 1).without(
    "CinematicGui",
    "NotifyAction",
    "ToggleBlockList",
  );
  const options = { appName: "ClassiCube 1.3.5", extensions, quirk: "echoesVersions" } as const;
  const { known, spoken } = await playOn(server, "main", options);
  assertEquals([known.key, spoken.key], [extensions.key, extensions.key]);
});

Deno.test({
  name: "a client plays through an IPv6 listener",
  ignore: !HAS_IPV6,
  fn: async () => {
    await using server = await ObservedServer.start(presets.mcgalaxy());
    const { line } = await playOn(server, "six", { extensions: presets.CLASSICUBE });
    assertEquals([line.listener, line.ip], ["six", "::1"]);
  },
});

for (const [listener, mode] of MODES) {
  Deno.test(`a client plays on a backend behind a Unix socket in ${mode} mode`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    try {
      await using server = await ObservedServer.start({ ...presets.mcgalaxy(), path: `${folder}/hub.sock` });
      await playOn(server, listener, { extensions: presets.CLASSICUBE });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

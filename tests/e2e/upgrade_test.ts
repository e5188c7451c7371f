/** Upgrades of the real program while everybody plays. */
import { CLASSICUBE, mcgalaxy } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { chatLines, mapChunks } from "../harness/long_stream.ts";
import { ByteCheck } from "../harness/long_stream.ts";
import { DENO_FLAGS, network, programCommand } from "../harness/program.ts";
import { type Peer, ScriptedBackend } from "../harness/scripted_backend.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";
import { Lineage } from "./lineage.ts";
import { StreamPlayer } from "./stream_player.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MIB = 1 << 20;

function upgradeTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });
}

/** Two servers, and the program in front of them. */
class Network implements AsyncDisposable {
  readonly hub: ClassicServer;
  readonly lineage: Lineage;
  readonly #running: AsyncDisposableStack;

  private constructor(hub: ClassicServer, lineage: Lineage, running: AsyncDisposableStack) {
    this.hub = hub;
    this.lineage = lineage;
    this.#running = running;
  }

  static async start(edge: readonly string[] = [], lines: readonly string[] = []): Promise<Network> {
    await using starting = new AsyncDisposableStack();
    const hub = starting.use(await ClassicServer.start({ ...mcgalaxy(), name: "hub", maxPlayers: 200 }));
    const arena = starting.use(await ClassicServer.start({ ...mcgalaxy(), name: "arena", maxPlayers: 200 }));
    const config = [
      network([{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }], {
        pool: ["join_rate = 10_000"],
      }),
      ...lines,
    ].join("\n");
    const lineage = starting.use(await Lineage.start({ config, edge: ["max_players = 1000", ...edge] }));
    return new Network(hub, lineage, starting.move());
  }

  async join(name: string, at = "main"): Promise<Bot> {
    const bot = await Bot.connect(this.lineage.program.target(at), { name, extensions: CLASSICUBE });
    await bot.joined();
    return bot;
  }

  /** Checks that nobody has noticed anything: the players that are here, and somebody who comes. */
  async assertUndisturbed(players: readonly Bot[], newcomer: string): Promise<void> {
    await Promise.all(players.map((player) => player.ping()));
    await using late = await this.join(newcomer);
    await late.ping();
    assertEquals([...players, late].flatMap(({ violations }) => violations), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }
}

/** A script that becomes another program. */
async function script(command: string): Promise<string> {
  const path = `${await Deno.makeTempDir({ prefix: "kurafuto-test-" })}/program`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return path;
}

function falseHeir(after: string, end: "die" | "hang"): Promise<string> {
  return script(`exec ${Deno.execPath()} run -q --allow-all ${ROOT}tests/e2e/false_heir_main.ts ${after} ${end}`);
}

upgradeTest("everybody plays on through an upgrade, the old process ends and the new one takes newcomers", async () => {
  await using network = await Network.start();
  const { lineage, hub } = network;
  await using players = new AsyncDisposableStack();
  const bots: Bot[] = [];
  for (let i = 0; i < 20; i++) {
    bots.push(players.use(await network.join(`player${i}`, i < 16 ? "main" : "raw")));
  }
  const [traveller] = bots;
  assert(traveller !== undefined);
  await traveller.chat("/server arena");
  await isIn(traveller, "arena");
  const before = await lineage.status();
  assertMatch(await lineage.command(), /^process \d+ has taken over: 20 sessions went over\n$/);
  await lineage.predecessorGone();
  assertEquals(hub.connections.open, 19);
  const after = await lineage.status();
  assertEquals([after.players, after.sessions, after.listeners], [20, 20, before.listeners]);
  await network.assertUndisturbed(bots, "late");
  await traveller.chat("/server hub");
  await isIn(traveller, "hub");
  assertEquals(lineage.program.endings.map(({ player, reason }) => [player, reason]), [["late", "client-left"]]);
});

upgradeTest("upgrades follow each other by signal, and players come, go and move in between", async () => {
  await using network = await Network.start();
  const { lineage } = network;
  await using steve = await network.join("Steve");
  for (let round = 0; round < 3; round++) {
    await using guest = await network.join(`guest${round}`);
    await lineage.signal();
    await lineage.predecessorGone();
    await network.assertUndisturbed([steve, guest], `late${round}`);
    const to = round % 2 === 0 ? "arena" : "hub";
    await steve.chat(`/server ${to}`);
    await isIn(steve, to);
  }
});

upgradeTest("every byte of long streams both ways comes through, in parse mode and in raw mode", async () => {
  const [size, upgrades] = [48 * MIB, 2];
  const peers: Peer[] = [];
  await using backend = ScriptedBackend.listen(async (peer) => {
    await peer.until(() => peer.received.length >= IDENTIFICATION.length, "an Identification");
    await peer.write(START);
    peers.push(peer);
    await peer.closed();
  });
  const { target } = backend;
  assert("port" in target);
  const address = `${target.hostname}:${target.port}`;
  await using lineage = await Lineage.start({
    config: [network([{ name: "hub", address }]), "[health]", 'interval = "1h"'].join("\n"),
  });
  for (const mode of ["main", "raw"]) {
    const stream = function* (): Generator<Uint8Array> {
      yield START;
      yield* mapChunks(size);
    };
    await using player = await StreamPlayer.connect(lineage.program.target(mode), stream());
    await player.received(START.length);
    const peer = peers.pop();
    assert(peer !== undefined);
    const check = new ByteCheck([IDENTIFICATION, ...chatLines(size / 8)]);
    const sending = Promise.all([
      (async () => {
        for (const piece of mapChunks(size)) await peer.write(piece);
      })(),
      player.sendAll(chatLines(size / 8)),
    ]);
    for (let round = 0; round < upgrades; round++) {
      await lineage.upgrade();
      await lineage.predecessorGone();
    }
    await sending;
    await player.received(START.length + size);
    await peer.until(() => peer.received.length >= size / 8, "all that the player said");
    check.add(peer.received);
    assert(check.isComplete);
  }
});

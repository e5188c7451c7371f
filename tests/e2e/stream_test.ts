import { encodePacket } from "../../lib/protocol/packets.ts";
import { GARDEN_SIZES } from "../../lib/session/waiting_garden.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { splitAt, splitEvery } from "../harness/chunks.ts";
import { eventually, type TcpEnd, tcpEnds } from "../harness/kernel.ts";
import { ByteCheck, chatLines, mapChunks } from "../harness/long_stream.ts";
import { network, Program } from "../harness/program.ts";
import { type Peer, PeerGone, ScriptedBackend, type ScriptedBackendOptions } from "../harness/scripted_backend.ts";
import { all, frames, outline } from "../session/frames.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";
import { StreamPlayer } from "./stream_player.ts";

type Mode = "parse" | "raw";

const MIB = 1 << 20;
const TIMEOUT = { timeoutMs: 15_000 };
const IDENTIFICATION = identification("Steve", "-", 0);
/** What a backend says first: a login, a small map, and the beginning of a large one. */
const START = concat(
  welcome(vanilla()),
  smallMap(vanilla()),
  encodePacket("LevelInitialize", vanilla(), { volume: 1 }),
);
/** What players read about the loss of their backend. */
const LOSSES = {
  "backend-closed": "The server closed the connection",
  "backend-lost": "The connection to the server was lost",
} as const;
type LossReason = keyof typeof LOSSES;
const KICK = encodePacket("DisconnectPlayer", vanilla(), { reason: "&cBanned" });
const CHAT = encodePacket("PlayerMessage", vanilla(), { partial: 255, message: "anybody there?" });
const LINE = encodePacket("Message", vanilla(), { type: 0, message: "still here" });
/** How long somebody who stalls does so. */
const STALL_MS = 600;
const MAX_GROWTH = 40 * MIB;

/** The program with one backend, on which one player is welcomed. */
class Stage implements AsyncDisposable {
  readonly mode: Mode;
  readonly program: Program;
  readonly backend: ScriptedBackend;
  /** The backend's connection, once the player was welcomed there. */
  readonly peer: Promise<Peer>;
  readonly #folder: string;
  readonly #release: () => void;
  #descriptors = 0;

  private constructor(
    mode: Mode,
    program: Program,
    backend: ScriptedBackend,
    folder: string,
    peer: Promise<Peer>,
    release: () => void,
  ) {
    this.mode = mode;
    this.program = program;
    this.backend = backend;
    this.peer = peer;
    this.#folder = folder;
    this.#release = release;
  }

  /** @param options `transport` says what kind of socket the backend listens on. */
  static async start(
    mode: Mode,
    { transport = "tcp", ...options }: ScriptedBackendOptions & { readonly transport?: "tcp" | "unix" } = {},
  ): Promise<Stage> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const place = transport === "unix" ? { path: `${folder}/backend.sock` } : {};
    const { promise: peer, resolve, reject } = Promise.withResolvers<Peer>();
    peer.catch(() => {});
    const { promise: over, resolve: release } = Promise.withResolvers<void>();
    const script = async (peer: Peer): Promise<void> => {
      try {
        await welcomePlayer(peer);
        resolve(peer);
      } catch (error) {
        // The edge only wants to know whether anybody listens.
        if (error instanceof PeerGone && peer.received.length === 0) return;
        reject(error);
      }
      await over;
    };
    const backend = ScriptedBackend.listen(script, { ...TIMEOUT, ...place, ...options });
    const { target } = backend;
    const address = "path" in target ? `unix:${target.path}` : `${target.hostname}:${target.port}`;
    const config = [network([{ name: "hub", address }]), "[health]", 'interval = "1h"'].join("\n");
    const program = await Program.start({ config });
    const stage = new Stage(mode, program, backend, folder, peer, release);
    await stage.#warmUp();
    return stage;
  }

  get target(): ReturnType<Program["target"]> {
    return this.program.target(this.mode === "parse" ? "main" : "raw");
  }

  /** A player who has been welcomed, and expects the backend to go on with `map`. */
  async join(
    map: Iterable<Uint8Array>,
    identify?: (player: StreamPlayer) => Promise<void>,
  ): Promise<StreamPlayer> {
    const player = await StreamPlayer.connect(this.target, withStart(map), identify);
    await player.received(START.length);
    return player;
  }

  /** Waits until the player's session has ended in one of the `ways`, and has left no descriptor. */
  async over(...ways: readonly string[]): Promise<void> {
    const { code, reason, detail } = await this.program.ended(2, TIMEOUT);
    assert(ways.includes(`${code} ${reason}`), `ended with ${code} ${reason}: ${detail}`);
    await eventually(async () => await this.program.descriptors() === this.#descriptors, "no descriptor left");
  }

  /**
   * Checks what becomes of a player whose backend was lost for `reason`, behind `expected`: the end of the connection in raw mode,
   * the waiting room in parse mode, which the player then leaves.
   */
  async assertLost(player: StreamPlayer, reason: LossReason, expected: readonly Uint8Array[] = []): Promise<void> {
    if (this.mode === "raw") {
      assertEquals(behind(expected, await player.finished()).length, 0);
      player.close();
      return await this.over(`SP ${reason}`);
    }
    assertWaitingRoom(behind(expected, await player.waiting()), `hub: ${LOSSES[reason]}`);
    await this.program.until(() => this.program.lines("waiting")[0], "the log of it");
    const told = this.program.log.flatMap(({ event, server, reason, cause }) =>
      event === "lost" ? [[server, reason]] : event === "waiting" ? [cause] : []
    );
    assertEquals(told, [["hub", reason], `hub: ${LOSSES[reason]}`]);
    assert(player.isOpen);
    player.close();
    await this.over("CP client-left");
  }

  /** Both ends of the connection between the player and the edge. */
  clientEnds(player: StreamPlayer): Ends {
    const { port } = this.target;
    return endsWhere(player.port, (edge) => edge.localPort === port);
  }

  /** Both ends of the connection between the edge and the backend. */
  backendEnds(): Ends {
    const { target } = this.backend;
    const port = "port" in target ? target.port : 0;
    return endsWhere(port, (edge) => edge.remotePort === port);
  }

  /** The most memory the program has while `work` is under way, beyond what it has now. */
  async growthDuring(work: Promise<void>): Promise<number> {
    const before = await this.program.residentBytes();
    let most = before;
    let isOver = false;
    const finished = work.finally(() => isOver = true);
    while (!isOver) {
      most = Math.max(most, await this.program.residentBytes());
      await pause(20);
    }
    await finished;
    return most - before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    await this.backend[Symbol.asyncDispose]();
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Counts descriptors behind a first connection, so that what the program opens once and keeps is open. */
  async #warmUp(): Promise<void> {
    await this.backend.until(({ accepted, open }) => accepted === 1 && open === 0, "the check at the start");
    const stranger = await Deno.connect(this.target);
    stranger.close();
    await this.program.ended(1);
    this.#descriptors = await this.program.settledDescriptors();
  }
}

/** The two ends of one of the edge's connections. */
interface Ends {
  readonly edge: TcpEnd | undefined;
  readonly peer: TcpEnd | undefined;
}

function endsWhere(port: number, isEdge: (end: TcpEnd) => boolean): Ends {
  const ends = tcpEnds(port);
  const edge = ends.find(isEdge);
  const peer = ends.find((end) => end.localPort === edge?.remotePort && end.remotePort === edge.localPort);
  return { edge, peer };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function inBothModes(name: string, test: (mode: Mode) => Promise<void>): void {
  for (const mode of ["parse", "raw"] as const) Deno.test(`${mode}: ${name}`, () => test(mode));
}

/** Takes a player in, as every backend here does first. */
async function welcomePlayer(peer: Peer): Promise<void> {
  assertEquals(await peer.read(IDENTIFICATION.length), IDENTIFICATION);
  await peer.write(START);
}

async function writeAll(peer: Peer, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) await peer.write(piece);
}

/** Sends one piece after the other until the connection is over; looks for its end in between. */
async function writeForever(to: Peer | StreamPlayer, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    if (!to.isOpen) return;
    await (to instanceof StreamPlayer ? to.send(piece) : to.write(piece));
    await pause(0);
  }
}

/** Reads exactly `pieces`. */
async function readAll(peer: Peer, pieces: Iterable<Uint8Array>): Promise<void> {
  const expected = [...pieces];
  const check = new ByteCheck(expected);
  for (const { length } of expected) check.take(await peer.read(length));
  assert(check.isComplete);
}

/** Checks that the other side has sent all there was. */
async function assertFinished(peer: Peer): Promise<void> {
  await assertRejects(() => peer.read(1), PeerGone, "(finished)");
}

function* withStart(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield START;
  yield* pieces;
}

/** How often bytes must be seen unread before the edge counts as one that does not want them. */
const LOOKS = 5;

/** Sends pieces until the edge leaves some of their bytes unread, and none is still on its way. Returns them. */
async function sendUntilStalled(
  pieces: Iterable<Uint8Array>,
  send: (piece: Uint8Array) => Promise<void>,
  ends: () => Ends,
): Promise<readonly Uint8Array[]> {
  const sent: Uint8Array[] = [];
  for (const piece of pieces) {
    await send(piece);
    sent.push(piece);
    let looks = 0;
    const fate = await eventually(() => {
      const { edge, peer } = ends();
      if (edge === undefined || peer === undefined || peer.unsent > 0) return undefined;
      if (edge.unread === 0) return "read";
      return ++looks === LOOKS ? "left" : undefined;
    }, "the fate of the bytes sent last");
    if (fate === "left") return sent;
  }
  throw new Error(`Cannot stall the edge: it took all of ${sent.length} pieces`);
}

/** Sends `bytes` again and again, so that the kernel has the time to find out that nobody wants them. */
async function sendRepeatedly(bytes: Uint8Array, send: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await send(bytes);
    await pause(2);
  }
}

/** What of `bytes` stands behind `expected`, with which they must begin. */
function behind(expected: readonly Uint8Array[], bytes: Uint8Array): Uint8Array {
  const check = new ByteCheck(expected);
  check.take(bytes);
  assert(check.isComplete, `only ${check.position} bytes came`);
  return check.rest;
}

/** Checks that `bytes` end the map that `START` began, and show a player the waiting room because of `cause`. */
function assertWaitingRoom(bytes: Uint8Array, cause: string): void {
  const packets = frames("s2c", vanilla(), bytes);
  assertEquals(outline(packets), [
    "LevelFinalize",
    "ServerIdentification",
    "LevelInitialize",
    "LevelDataChunk",
    "LevelFinalize",
    "SpawnPlayer",
    "Message",
  ]);
  assertEquals(all("LevelFinalize", vanilla(), packets), [{ xSize: 0, ySize: 0, zSize: 0 }, GARDEN_SIZES]);
  assertEquals(all("Message", vanilla(), packets)[0], { type: 255, message: `&e${cause}` });
}

inBothModes("all that a backend said before it closed reaches the player", async (mode) => {
  const map = [...mapChunks(20 * MIB)];
  await using stage = await Stage.start(mode);
  await using player = await stage.join(map);
  const peer = await stage.peer;
  await writeAll(peer, map);
  await peer.finish();
  await stage.assertLost(player, "backend-closed");
});

inBothModes("all that a player said before closing at once reaches the backend", async (mode) => {
  const chat = [...chatLines(5 * MIB)];
  await using stage = await Stage.start(mode);
  await using player = await stage.join([]);
  const peer = await stage.peer;
  const read = readAll(peer, chat);
  await player.sendAll(chat);
  player.close();
  await read;
  await assertFinished(peer);
  await peer.finish();
  await stage.over("CP client-left");
});

inBothModes("a player who has sent all there was still gets what the backend answers", async (mode) => {
  const [chat, map] = [[...chatLines(MIB)], [...mapChunks(5 * MIB)]];
  await using stage = await Stage.start(mode);
  await using player = await stage.join(map);
  const peer = await stage.peer;
  await player.sendAll(chat);
  await player.halfClose();
  await readAll(peer, chat);
  await assertFinished(peer);
  await writeAll(peer, map);
  await peer.finish();
  assertEquals((await player.finished()).length, 0);
  player.close();
  await stage.over("CP client-left");
});

Deno.test("raw: a backend that has sent all there was still gets what the player answers", async () => {
  const [map, chat] = [[...mapChunks(MIB)], [...chatLines(5 * MIB)]];
  await using stage = await Stage.start("raw");
  await using player = await stage.join(map);
  const peer = await stage.peer;
  await writeAll(peer, map);
  await peer.halfClose();
  assertEquals((await player.finished()).length, 0);
  const read = readAll(peer, chat);
  await player.sendAll(chat);
  player.close();
  await read;
  await assertFinished(peer);
  await peer.finish();
  await stage.over("SP backend-closed");
});

Deno.test("parse: what a player said before the backend closed its side reaches the backend", async () => {
  const chat = [...chatLines(MIB)];
  // The buffers of TCP take all of it, so that the edge can read all of it.
  await using stage = await Stage.start("parse", { readAhead: 0 });
  await using player = await stage.join([]);
  const peer = await stage.peer;
  await player.sendAll(chat);
  await eventually(() => stage.clientEnds(player).edge?.unread === 0, "all the chat read by the edge");
  await peer.halfClose();
  await readAll(peer, chat);
  await assertFinished(peer);
  await peer.finish();
  await stage.assertLost(player, "backend-closed");
});

inBothModes("a backend's reset loses nothing that has arrived, however slow the player is", async (mode) => {
  await using stage = await Stage.start(mode);
  await using player = await stage.join([]);
  const peer = await stage.peer;
  player.pauseReading();
  const sent = await sendUntilStalled(mapChunks(50 * MIB), (piece) => peer.write(piece), () => stage.backendEnds());
  peer.reset();
  player.resumeReading();
  await stage.assertLost(player, "backend-lost", sent);
});

inBothModes("a player's reset loses nothing that has arrived, however slow the backend is", async (mode) => {
  await using stage = await Stage.start(mode, { transport: "unix", readAhead: 0 });
  await using player = await stage.join([]);
  const peer = await stage.peer;
  const send = (piece: Uint8Array): Promise<void> => player.send(piece);
  const sent = await sendUntilStalled(chatLines(50 * MIB), send, () => stage.clientEnds(player));
  player.reset();
  await readAll(peer, sent);
  await assertFinished(peer);
  await peer.finish();
  await stage.over("CP client-reset");
});

inBothModes("a backend's last words reach a slow player who talks to it after it has closed", async (mode) => {
  await using stage = await Stage.start(mode);
  await using player = await stage.join([]);
  const peer = await stage.peer;
  player.pauseReading();
  const sent = await sendUntilStalled(mapChunks(50 * MIB), (piece) => peer.write(piece), () => stage.backendEnds());
  await peer.write(KICK);
  await peer.finish();
  await sendRepeatedly(CHAT, (bytes) => player.send(bytes));
  player.resumeReading();
  assertEquals(behind(sent, await player.finished()), KICK);
  player.close();
  await stage.over(mode === "parse" ? "SP backend-kick" : "SP backend-lost");
});

inBothModes("a player's last words reach a slow backend that talks to the player who has closed", async (mode) => {
  await using stage = await Stage.start(mode, { transport: "unix", readAhead: 0 });
  await using player = await stage.join([]);
  const peer = await stage.peer;
  const send = (piece: Uint8Array): Promise<void> => player.send(piece);
  const sent = await sendUntilStalled(chatLines(50 * MIB), send, () => stage.clientEnds(player));
  player.close();
  await sendRepeatedly(LINE, (bytes) => peer.write(bytes));
  await readAll(peer, sent);
  await assertFinished(peer);
  await peer.finish();
  await stage.over("CP client-reset");
});

inBothModes("a slow player costs little memory and gets every byte of a large map", async (mode) => {
  const size = 50 * MIB;
  await using stage = await Stage.start(mode);
  await using player = await stage.join(mapChunks(size));
  const peer = await stage.peer;
  player.pauseReading();
  let sent = 0;
  const sending = (async () => {
    for (const piece of mapChunks(size)) {
      await peer.write(piece);
      sent += piece.length;
    }
    await peer.finish();
  })();
  const growth = await stage.growthDuring((async () => {
    await pause(STALL_MS);
    assert(sent < size / 2, `the backend was rid of ${sent} bytes`);
    player.resumeReading();
    await stage.assertLost(player, "backend-closed");
  })());
  await sending;
  assert(growth < MAX_GROWTH, `grew by ${growth} bytes`);
});

inBothModes("a slow backend costs little memory and gets everything the player said", async (mode) => {
  const chat = [...chatLines(20 * MIB)];
  await using stage = await Stage.start(mode, { readAhead: 0 });
  await using player = await stage.join([]);
  const peer = await stage.peer;
  let sent = 0;
  const sending = (async () => {
    for (const piece of chat) {
      await player.send(piece);
      sent += piece.length;
    }
    player.close();
  })();
  const growth = await stage.growthDuring((async () => {
    await pause(STALL_MS);
    assert(sent < 15 * MIB, `the player was rid of ${sent} bytes`);
    await readAll(peer, chat);
  })());
  await sending;
  assert(growth < MAX_GROWTH, `grew by ${growth} bytes`);
  await assertFinished(peer);
  await peer.finish();
  await stage.over("CP client-left");
});

for (
  const [how, pieces] of [["two segments", splitAt(IDENTIFICATION, [77])], [
    "131",
    splitEvery(IDENTIFICATION, 1),
  ]] as const
) {
  inBothModes(`an Identification in ${how} is a login like any other`, async (mode) => {
    await using stage = await Stage.start(mode);
    await using player = await stage.join([], async (player) => {
      for (const piece of pieces) {
        await player.send(piece);
        await pause(2);
      }
    });
    const peer = await stage.peer;
    await player.send(CHAT);
    assertEquals(await peer.read(CHAT.length), CHAT);
    await peer.write(LINE);
    await player.halfClose();
    await assertFinished(peer);
    await peer.finish();
    assertEquals(await player.finished(), LINE);
    player.close();
    await stage.over("CP client-left");
  });
}

inBothModes("a player who closes under a stream of the backend ends the session", async (mode) => {
  await using stage = await Stage.start(mode);
  await using player = await stage.join(mapChunks(Infinity));
  const peer = await stage.peer;
  const sending = writeForever(peer, mapChunks(Infinity));
  await player.received(START.length + 5 * MIB);
  player.close();
  await sending;
  await peer.finish();
  await stage.over("CP client-reset", "CP client-left");
});

inBothModes(
  "a backend that closes under a stream of the player is lost, which ends the session in raw mode",
  async (mode) => {
    await using stage = await Stage.start(mode);
    await using player = await stage.join([]);
    const peer = await stage.peer;
    const sending = writeForever(player, chatLines(Infinity));
    await peer.read(5 * MIB);
    peer.close();
    if (mode === "raw") {
      await sending;
      player.close();
      return await stage.over("SP backend-lost", "SP backend-closed");
    }
    // In the waiting room the player talks on to nobody.
    await stage.program.until(() => stage.program.lines("waiting")[0], "the player in the waiting room");
    assertMatch(`${stage.program.lines("lost")[0]?.reason}`, /^backend-(lost|closed)$/);
    assert(player.isOpen);
    player.close();
    await sending;
    await stage.over("CP client-left", "CP client-reset");
  },
);

inBothModes("a backend on a Unix socket is one like any other", async (mode) => {
  const [chat, map] = [[...chatLines(5 * MIB)], [...mapChunks(5 * MIB)]];
  await using stage = await Stage.start(mode, { transport: "unix" });
  await using player = await stage.join(map);
  const peer = await stage.peer;
  await Promise.all([player.sendAll(chat), readAll(peer, chat), writeAll(peer, map)]);
  await peer.finish();
  await stage.assertLost(player, "backend-closed");
});

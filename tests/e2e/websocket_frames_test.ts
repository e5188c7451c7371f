/** What becomes of frames of every kind, right and wrong, at the program's own port (RFC 6455 §5 and §7.4). */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { MAX_IDLE_FRAMES } from "../../lib/transport/websocket/frame_reader.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { FrameClient } from "../harness/frame_client.ts";
import { eventually } from "../harness/kernel.ts";
import { network, Program } from "../harness/program.ts";
import { identification } from "../session/logins.ts";
import { closing, concat, counting, frame, type FrameOptions, masked } from "../transport/websocket/frames.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const KIB_64 = 64 << 10;
const POSITION = encodePacket("PlayerPosition", { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY }, {
  held: 255,
  x: 100,
  y: 1000,
  z: 100,
  yaw: 0,
  pitch: 0,
});

/** More than is read at once, so that closing over it would reset the connection. */
const UNHEARD = concat(...Array.from({ length: 6 }, () => masked(BINARY, counting(50_000))));

/** Chat that every server understands. */
function said(message: string): Uint8Array {
  return encodePacket("PlayerMessage", { protocol: 7, cpe: false, extensions: ExtensionSet.EMPTY }, {
    partial: 255,
    message,
  });
}

/** One binary frame of `size` bytes of positions, the last of which another one completes. */
function positions(size: number, options: FrameOptions = {}): Uint8Array {
  const count = Math.ceil(size / POSITION.length);
  const all = concat(...Array.from({ length: count }, () => POSITION));
  return concat(masked(BINARY, all.subarray(0, size), options), masked(BINARY, all.subarray(size)));
}

/** Frames that a player may send in play, and the pongs that answer them. */
const RIGHT: readonly (readonly [what: string, frames: Uint8Array, pongs?: readonly (readonly number[])[]])[] = [
  ["an empty message", concat(masked(BINARY), masked(TEXT))],
  ["a frame of 65,535 bytes", positions(KIB_64 - 1)],
  ["a frame of 65,536 bytes", positions(KIB_64)],
  ["a frame of 125 bytes and one of 126", concat(positions(125), positions(126))],
  ["a frame that is masked with zeros", masked(BINARY, POSITION, { mask: [0, 0, 0, 0] })],
  [
    "a packet in fragments, with an empty one and pings between",
    concat(
      masked(TEXT, POSITION.subarray(0, 3), { final: false }),
      masked(PING, [1]),
      masked(CONTINUATION, [], { final: false }),
      masked(PING, [2, 3]),
      masked(CONTINUATION, POSITION.subarray(3)),
    ),
    // Of several that wait only the last is answered.
    [[2, 3]],
  ],
  ["a ping without payload", masked(PING), [[]]],
  ["a ping of 125 bytes", masked(PING, counting(125)), [[...counting(125)]]],
  ["a pong that nobody asked for", masked(PONG, [1, 2])],
  [
    "a few hundred pings",
    concat(...Array.from({ length: 300 }, () => masked(PING, [7]))),
    [[7]],
  ],
];

/** Frames that no player may send, and the code they are answered with. */
const WRONG: readonly (readonly [what: string, frames: Uint8Array, code: number])[] = [
  ["a frame of 65,537 bytes", positions(KIB_64 + 1), 1009],
  ["a frame that claims 2^62 bytes", masked(BINARY, [], { length: 2n ** 62n }), 1009],
  ["a frame that claims 2^63 bytes", masked(BINARY, [], { length: 2n ** 63n }), 1002],
  ["a short length in two bytes", masked(BINARY, POSITION, { lengthBytes: 2 }), 1002],
  ["a short length in eight bytes", masked(BINARY, POSITION, { lengthBytes: 8 }), 1002],
  ["a frame without a mask", frame(BINARY, POSITION), 1002],
  ["a ping without a mask", frame(PING), 1002],
  ...[1, 2, 4].map((reserved) => [`reserved bits ${reserved}`, masked(BINARY, POSITION, { reserved }), 1002] as const),
  ["a ping with a reserved bit", masked(PING, [], { reserved: 4 }), 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, masked(opcode, [1]), 1002] as const),
  ["a ping in fragments", masked(PING, [1], { final: false }), 1002],
  ["a close in fragments", masked(CLOSE, closing(1000), { final: false }), 1002],
  ["a ping of 126 bytes", masked(PING, counting(126)), 1002],
  ["a close of 126 bytes", masked(CLOSE, closing(1000, "x".repeat(124))), 1002],
  ["a continuation of nothing", masked(CONTINUATION, POSITION), 1002],
  [
    "a continuation of what is complete",
    concat(masked(BINARY, POSITION), masked(CONTINUATION, POSITION)),
    1002,
  ],
  [
    "a message inside another one",
    concat(masked(BINARY, POSITION, { final: false }), masked(BINARY, POSITION)),
    1002,
  ],
  ["a close code of one byte", masked(CLOSE, [3]), 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) =>
    [`close code ${code}`, masked(CLOSE, closing(code)), 1002] as const
  ),
  [
    "a flood of pings",
    concat(...Array.from({ length: MAX_IDLE_FRAMES + 1 }, () => masked(PING))),
    1008,
  ],
  [
    "a flood of empty fragments",
    concat(
      masked(BINARY, POSITION, { final: false }),
      ...Array.from({ length: MAX_IDLE_FRAMES + 1 }, () => masked(CONTINUATION, [], { final: false })),
    ),
    1008,
  ],
];

/** Close frames that are in order, and the code they are answered with. */
const CLOSES: readonly (readonly [what: string, frames: Uint8Array, code: number])[] = [
  ["a close without a code", masked(CLOSE), 1005],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) =>
    [`close code ${code}`, masked(CLOSE, closing(code)), code] as const
  ),
  ["a close with a reason", masked(CLOSE, closing(1000, "x".repeat(123))), 1000],
  ["a close with more behind it", concat(masked(CLOSE, closing(1001)), UNHEARD), 1001],
];

/** A program that is looked after: a player stays all the time, and nothing may be left of anybody else. */
class Stage implements AsyncDisposable {
  readonly #hub: ObservedServer;
  readonly #program: Program;
  readonly #fellow: Player;
  readonly #descriptors: number;
  #visits: number;

  private constructor(hub: ObservedServer, program: Program, fellow: Player, descriptors: number) {
    this.#hub = hub;
    this.#program = program;
    this.#fellow = fellow;
    this.#descriptors = descriptors;
    this.#visits = program.endings.length;
  }

  static async start(): Promise<Stage> {
    const hub = await ObservedServer.start();
    const program = await Program.start({ config: network([{ name: "hub", address: hub.address }]) });
    // The first connection opens what stays open.
    await using first = await FrameClient.connect(program.target());
    await first.halfClose();
    await program.ended(1);
    const fellow = await Player.join(program.target(), hub, { name: "fellow" });
    return new Stage(hub, program, fellow, await program.settledDescriptors());
  }

  /** Lets a client in play do something, and says how its session ended. */
  async visit(listener: string, act: (client: FrameClient) => Promise<void>): Promise<string> {
    const name = `frames${++this.#visits}`;
    {
      await using client = await FrameClient.connect(this.#program.target(listener));
      await client.send(masked(BINARY, identification(name, "-", 0)));
      await this.#hub.joined(name);
      await act(client);
      await client.halfClose();
      assertEquals(await client.over(), "finished");
    }
    await this.#hub.left(name);
    const { code, reason, detail } = await this.#program.ended(this.#visits);
    return `${code} ${reason}: ${detail}`;
  }

  /** Waits until a line of the chat of the client of now has reached its server, and with it all before. */
  async hears(line: string): Promise<void> {
    await this.#hub.heard(`frames${this.#visits}`, [line]);
  }

  /** Checks that nothing is left of those who have gone, and that nobody else was harmed. */
  async assertUnharmed(): Promise<void> {
    const { bot, server } = this.#fellow;
    await bot.chat(`after ${this.#visits}`);
    await server.heard("fellow", [`after ${this.#visits}`]);
    assertEquals(bot.violations, []);
    assert(bot.state.isJoined);
    // A check of the server may have had one when they were counted at first.
    await eventually(async () => await this.#program.descriptors() <= this.#descriptors, "no descriptor left");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fellow.leave();
    await this.#fellow[Symbol.asyncDispose]();
    await this.#program[Symbol.asyncDispose]();
    assertEquals(this.#program.lines("stopping").map(({ sessions }) => sessions), [0]);
    await this.#hub[Symbol.asyncDispose]();
  }
}

for (const [listener, mode] of [["main", "parse"], ["raw", "raw"]] as const) {
  Deno.test(`${mode}: frames that are in order reach the server, and the player plays on`, async (t) => {
    await using stage = await Stage.start();
    for (const [what, frames, pongs = []] of RIGHT) {
      await t.step(what, async () => {
        const end = await stage.visit(listener, async (client) => {
          await client.send(frames);
          await client.send(masked(BINARY, said(what)));
          await stage.hears(what);
          const isPong = ({ first }: { readonly first: number }): boolean => first === 0x80 + PONG;
          const answers = (): number[][] => client.frames.filter(isPong).map(({ payload }) => [...payload]);
          const last = JSON.stringify(pongs.at(-1));
          await client.until(() => JSON.stringify(answers().at(-1)) === last, "the last pong");
          assert(pongs.length === 0 || answers().length > 0);
          assertEquals(client.closeCode, undefined);
        });
        assertEquals(end, "CP client-left: the client closed");
      });
    }
    await stage.assertUnharmed();
  });

  Deno.test(`${mode}: frames that break a rule end the session, and the client is told the code`, async (t) => {
    await using stage = await Stage.start();
    for (const [what, frames, code] of WRONG) {
      await t.step(`${what}: ${code}`, async () => {
        const end = await stage.visit(listener, async (client) => {
          await client.send(concat(masked(BINARY, said("before")), frames, UNHEARD));
          await client.until(() => client.closeCode, "the close frame");
          assertEquals(client.closeCode, code);
        });
        assert(end.startsWith("CP client-reset: Cannot read the WebSocket: "), end);
      });
    }
    await stage.assertUnharmed();
  });

  Deno.test(`${mode}: a close frame is answered with its own code`, async (t) => {
    await using stage = await Stage.start();
    for (const [what, frames, code] of CLOSES) {
      await t.step(`${what}: ${code}`, async () => {
        const end = await stage.visit(listener, async (client) => {
          await client.send(frames);
          await client.until(() => client.closeCode, "the close frame");
          assertEquals(client.closeCode, code);
        });
        assertEquals(end, "CP client-left: the client closed");
      });
    }
    await stage.assertUnharmed();
  });
}

Deno.test("a client that never comes to Classic is told why, too", async () => {
  await using hub = await ObservedServer.start();
  await using program = await Program.start({ config: network([{ name: "hub", address: hub.address }]) });
  const early = [
    ["a frame without a mask", frame(BINARY, POSITION), 1002],
    ["an unknown opcode", masked(3, [1]), 1002],
    ["a frame of 65,537 bytes", positions(KIB_64 + 1), 1009],
    ["a flood of pings", concat(...Array.from({ length: MAX_IDLE_FRAMES + 1 }, () => masked(PING))), 1008],
    ["a close frame", masked(CLOSE, closing(1001)), 1001],
    ["what is not Classic", masked(TEXT, new TextEncoder().encode("hello")), 1000],
  ] as const;
  for (const [index, [what, frames, code]] of early.entries()) {
    await using client = await FrameClient.connect(program.target());
    await client.send(concat(frames, UNHEARD));
    await client.until(() => client.closeCode, `the close frame for ${what}`);
    await client.halfClose();
    assertEquals([what, client.closeCode, await client.over()], [what, code, "finished"]);
    assertEquals((await program.ended(index + 1)).event, "turned-away");
  }
});

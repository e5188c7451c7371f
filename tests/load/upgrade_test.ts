/**
 * Upgrades one after the other, with many players who are sent something twenty times a second and say as much: nobody is lost, no byte is
 * wrong, and nobody waits for long. KURAFUTO_UPGRADE_PLAYERS, KURAFUTO_UPGRADE_ROUNDS and KURAFUTO_UPGRADE_SILENCE_MS set how many,
 * and how long 99 of 100 may wait.
 */
import { encodePacket } from "../../lib/protocol/packets.ts";
import { measured } from "../e2e/percentiles.ts";
import { Lineage } from "../e2e/lineage.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { Link } from "../harness/link.ts";
import { ByteCheck } from "../harness/long_stream.ts";
import { network } from "../harness/program.ts";
import { concat, identification, smallMap, vanilla, welcome } from "../session/logins.ts";

const PLAYERS = Number(Deno.env.get("KURAFUTO_UPGRADE_PLAYERS") ?? 100);
const ROUNDS = Number(Deno.env.get("KURAFUTO_UPGRADE_ROUNDS") ?? 3);
/** Room for a machine that has other things to do. */
const SILENCE_MS = Number(Deno.env.get("KURAFUTO_UPGRADE_SILENCE_MS") ?? 2_000);
const BEAT_MS = 50;
const START = concat(welcome(vanilla()), smallMap(vanilla()));
const IDENTIFICATION_SIZE = identification().length;

/** Lines of chat with numbers, without end. */
function* lines(): Generator<Uint8Array> {
  for (let number = 0;; number++) {
    yield encodePacket("Message", vanilla(), { type: 0, message: `line ${number}` });
  }
}

function* said(start: Uint8Array): Generator<Uint8Array> {
  yield start;
  yield* lines();
}

/** One end of a conversation in which both say numbered lines. */
class Talker {
  isOver = false;
  /** The first byte that was wrong. */
  fault: string | undefined;
  #longest = 0;
  readonly #link: Link;
  readonly #check: ByteCheck;
  readonly #lines = lines();
  #cameAt = performance.now();

  /** @param expected What comes first, before the lines. */
  constructor(conn: Deno.Conn, expected: Uint8Array) {
    this.#check = new ByteCheck(said(expected));
    this.#link = new Link(conn, (chunk) => this.#receive(chunk));
    this.#link.ended.then(() => this.isOver = true);
  }

  /** Milliseconds between two things that came, at most, since {@linkcode listen}. */
  get longest(): number {
    return this.#longest;
  }

  /** Waits from now on; nobody had said anything before the first time. */
  listen(): void {
    this.#longest = 0;
    this.#cameAt = performance.now();
  }

  /** Bytes that came, each as expected. */
  get received(): number {
    return this.#check.position;
  }

  say(bytes: Uint8Array | undefined = this.#lines.next().value): void {
    if (bytes !== undefined) void this.#link.write(bytes);
  }

  async close(): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  #receive(chunk: Uint8Array): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#cameAt);
    this.#cameAt = now;
    try {
      this.#check.take(chunk);
    } catch (error) {
      this.fault ??= error instanceof Error ? error.message : String(error);
    }
  }
}

Deno.test({
  name: `${ROUNDS} upgrades with ${PLAYERS} players lose nobody and no byte`,
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const servers: Talker[] = [];
    const accepting = (async () => {
      for await (const conn of server) {
        servers.push(new Talker(conn, identification(`player${servers.length}`, "-", 0)));
      }
    })();
    await using lineage = await Lineage.start({
      config: [
        network([{ name: "hub", address: `127.0.0.1:${server.addr.port}` }], { pool: ["join_rate = 10_000"] }),
        "[health]",
        'interval = "1h"',
      ].join("\n"),
      edge: ["max_players = 10000"],
      level: "info",
    });
    // The edge's own check.
    await eventually(() => servers.shift(), "a check");
    const players: Talker[] = [];
    for (let number = 0; number < PLAYERS; number++) {
      const player = new Talker(await Deno.connect(lineage.program.target(number % 10 === 0 ? "raw" : "main")), START);
      player.say(identification(`player${number}`, "-", 0));
      players.push(player);
      await eventually(() => servers[number]?.received === IDENTIFICATION_SIZE, "the player at the backend");
      servers[number]?.say(START);
    }
    await eventually(() => players.every(({ received }) => received >= START.length), "everybody's world");
    // Checks of new processes come behind them.
    const talkers = [...players, ...servers.slice(0, PLAYERS)];
    const beat = setInterval(() => {
      for (const talker of talkers) talker.say();
    }, BEAT_MS);
    const waits: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const player of players) player.listen();
      await lineage.upgrade();
      await lineage.predecessorGone();
      waits.push(...players.map(({ longest }) => Math.max(0, longest - BEAT_MS)));
      assertEquals(lineage.program.endings, []);
      assertEquals(talkers.flatMap(({ isOver, fault }) => isOver ? "is over" : fault ?? []), []);
    }
    clearInterval(beat);
    const { p99 } = measured(`silence beyond ${BEAT_MS} ms`, waits);
    measured("connections stood still", lineage.program.lines("upgraded").map(({ ms }) => Number(ms)));
    assert(p99 <= SILENCE_MS, `${p99} ms`);
    await Promise.all([...players, ...servers].map((talker) => talker.close()));
    server.close();
    await accepting.catch(() => {});
  },
});

/**
 * Whole sessions under random events: backends that welcome, map, chat, kick, break off, fall silent and talk nonsense at any
 * moment, and a client that answers late. A seed repeats each of them.
 */
import * as presets from "../../lib/demo/presets.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { CLIENT, type Leg } from "../../lib/session/port.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { type Random, splitAtRandom } from "../harness/chunks.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { type Frame, frames } from "./frames.ts";
import { concat, dialect, extensionList, identification } from "./logins.ts";

const STEPS = 400;
/** Names of the backends that a story tells of. */
export const BACKENDS: readonly string[] = ["hub", "arena", "museum"];
const SETS = [
  presets.CLASSICUBE,
  presets.MCGALAXY,
  presets.MCCHOST,
  presets.CSERVER,
  presets.CLASSICBORNE,
  presets.NONE,
];
/** The sets of clients that can answer a fence. */
const CLIENTS = [presets.CLASSICUBE, presets.MCGALAXY, ExtensionSet.of("CustomBlocks", "HeldBlock", "LongerMessages")];
/** Positions have this in a coordinate, so that a backend knows its own. */
const WORLD_SIZE = 100;

/** One connection to a backend, as the backend sees it. */
interface Visit {
  readonly leg: Leg;
  readonly dialect: Dialect;
  open: boolean;
  welcomed: boolean;
  mapped: boolean;
}

/** One session, its client, and everybody it was dialled to. */
export class Story {
  readonly #random: Random;
  readonly #driver: MemoryDriver;
  readonly #client: Dialect;
  readonly #visits = new Map<Leg, Visit>();
  /** What the client has not looked at yet. */
  readonly #inbox: Frame[] = [];
  readonly #heard: string[] = [];
  #world = 0;
  #placed = false;
  #said = 0;
  #kicked = false;

  /** @param driver A new one, with {@linkcode BACKENDS}. */
  constructor(random: Random, driver: MemoryDriver = new MemoryDriver({}, BACKENDS)) {
    this.#random = random;
    this.#driver = driver;
    const extensions = random.pick(CLIENTS);
    this.#client = dialect(extensions);
    this.#driver.routes.kick = random.pick(["disconnect", "fallback"]);
    this.#driver.fromClient(concat(identification(), extensionList(extensions)));
    this.#driver.take(CLIENT);
    if (extensions.has("CustomBlocks")) this.#send(encodePacket("CustomBlockSupportLevel", this.#client, { level: 1 }));
    this.#meet();
  }

  /** @param between Called between two steps. */
  play(between: () => void = () => {}): void {
    for (let step = 0; step < STEPS && !this.#driver.session.ended; step++) {
      this.#random.pick([
        this.#clientReads,
        this.#clientReads,
        this.#clientActs,
        this.#backendActs,
        this.#backendActs,
        this.#wait,
      ])
        .call(this);
      this.#meet();
      this.#receive();
      this.#check();
      between();
    }
    this.#driver.session.end("shutdown", "the story is over");
    this.#driver.settle();
    const { routes, summary } = this.#driver;
    assert(summary !== undefined, "the session is not over");
    assertEquals([routes.openTickets, ...BACKENDS.map((name) => routes.seats(name))], [0, 0, 0, 0]);
    assertEquals(new Set(this.#heard).size, this.#heard.length, "a line was heard twice");
  }

  /** Follows up on what the session dialled. */
  #meet(): void {
    for (const { leg } of this.#driver.dialled) {
      if (this.#visits.has(leg)) continue;
      const offered = this.#random.pick(SETS);
      const extensions = offered.intersect(this.#client.extensions);
      const usable = extensions.has("HeldBlock") ? extensions : extensions.without("ExtendedBlocks");
      this.#visits.set(leg, {
        leg,
        dialect: { ...this.#client, extensions: usable },
        open: false,
        welcomed: false,
        mapped: false,
      });
    }
    if (this.#random.below(3) === 0) this.#driver.settle();
  }

  /** Takes what the client was sent: always whole packets, legal for it. */
  #receive(): void {
    for (const frame of frames("s2c", this.#client, this.#driver.take(CLIENT))) {
      assert(!this.#kicked, "something came behind a kick");
      if (frame.name === "DisconnectPlayer") this.#kicked = true;
      this.#inbox.push(frame);
    }
  }

  /** Takes what the backends were sent: only what belongs to their world. */
  #check(): void {
    for (const { leg, dialect } of this.#visits.values()) {
      for (const { name, bytes } of frames("c2s", dialect, this.#driver.take(leg))) {
        if (name === "PlayerPosition") {
          assertEquals(Math.floor(readPacket(name, dialect, bytes).x / WORLD_SIZE), leg, "a position of another world");
        }
        if (name === "PlayerMessage") this.#heard.push(readPacket(name, dialect, bytes).message);
      }
    }
  }

  #send(bytes: Uint8Array): void {
    if (this.#driver.session.ended) return;
    this.#driver.fromClient(bytes, splitAtRandom(bytes, this.#random));
  }

  /** Looks at the next packets, and answers as ClassiCube does. */
  #clientReads(): void {
    for (let count = this.#random.below(8); count > 0; count--) {
      const frame = this.#inbox.shift();
      if (frame === undefined) return;
      const { name, bytes } = frame;
      if (name === "ServerIdentification") {
        const { serverName } = readPacket(name, this.#client, bytes);
        this.#world = Number(/^world (\d+)$/.exec(serverName)?.[1] ?? 0);
      } else if (name === "LevelInitialize") {
        this.#placed = false;
      } else if (name === "SpawnPlayer" || name === "ExtAddEntity2") {
        this.#placed = true;
      } else if (name === "CustomBlockSupportLevel") {
        this.#send(bytes);
      } else if (name === "TwoWayPing" && readPacket(name, this.#client, bytes).origin === 1) {
        this.#send(bytes);
      }
    }
  }

  #clientActs(): void {
    const { extensions } = this.#client;
    const whole = extensions.has("LongerMessages") ? 0 : 255;
    const message = this.#random.pick([`line ${this.#said++}`, `/server ${this.#random.pick(BACKENDS)}`, "/server"]);
    const position = { x: this.#world * WORLD_SIZE + 1, y: 2, z: 3, yaw: 4, pitch: 5 };
    if (this.#placed && this.#random.below(3) > 0) {
      this.#send(
        encodePacket("PlayerPosition", this.#client, { held: extensions.has("HeldBlock") ? 1 : 255, ...position }),
      );
    } else {
      this.#send(encodePacket("PlayerMessage", this.#client, { partial: whole, message }));
    }
  }

  #wait(): void {
    this.#driver.advance(this.#random.pick([1, 20, 200, 1_000]));
    const { busy, down } = this.#driver.routes;
    const name = this.#random.pick(BACKENDS);
    if (this.#random.below(4) > 0) return;
    const set = this.#random.pick([busy, down]);
    if (!set.delete(name)) set.add(name);
    this.#driver.session.admitted();
  }

  #backendActs(): void {
    const visit = [...this.#visits.values()].filter(({ leg }) => !this.#isClosed(leg)).at(-1 - this.#random.below(2));
    if (visit === undefined || this.#driver.session.ended) return;
    const { leg } = visit;
    if (!visit.open) {
      visit.open = this.#random.below(8) > 0;
      if (visit.open) this.#driver.session.opened(leg);
      else this.#driver.session.failed(leg, "connection refused");
      return;
    }
    const bad = this.#random.below(40);
    if (bad === 0) this.#driver.session.eof(leg);
    else if (bad === 1) this.#driver.session.failed(leg, "reset by peer");
    else this.#feed(visit, bad === 2 ? Uint8Array.of(0xfe) : this.#words(visit));
  }

  #feed({ leg }: Visit, bytes: Uint8Array): void {
    for (const piece of splitAtRandom(bytes, this.#random)) {
      if (!this.#driver.session.ended && !this.#isClosed(leg)) this.#driver.feed(leg, piece);
    }
  }

  /** What a backend says next. */
  #words(visit: Visit): Uint8Array {
    const leg = visit.dialect;
    const message = this.#random.pick(["hello", "^detail.user.kurafuto guess arena"]);
    const chat = encodePacket("Message", leg, { type: 0, message });
    if (!visit.welcomed) {
      visit.welcomed = true;
      const greeting = encodePacket("ServerIdentification", leg, {
        protocol: 7,
        serverName: `world ${visit.leg}`,
        motd: "",
        userType: 0,
      });
      const list = extensionList(leg.extensions);
      const quiet = leg.extensions.size === 0;
      return this.#random.pick(
        quiet ? [greeting] : [concat(list, greeting), concat(greeting, list), concat(list, chat, greeting)],
      );
    }
    const kick = encodePacket("DisconnectPlayer", leg, {
      reason: this.#random.pick(["Bye", "Bye @arena", "Bye @nowhere"]),
    });
    if (!visit.mapped || this.#random.below(12) === 0) {
      visit.mapped = true;
      return worldOf(leg);
    }
    return this.#random.below(30) === 0
      ? kick
      : this.#random.pick([chat, encodePacket("Ping", leg, {}), ...this.#extras(leg)]);
  }

  #extras(leg: Dialect): readonly Uint8Array[] {
    const { extensions } = leg;
    return [
      ...extensions.has("TwoWayPing")
        ? [encodePacket("TwoWayPing", leg, { origin: 1, data: this.#random.below(5) })]
        : [],
      ...extensions.has("ClickDistance") ? [encodePacket("SetClickDistance", leg, { distance: 9 })] : [],
      ...extensions.has("PluginMessages") ? [this.#pluginMessage(leg)] : [],
    ];
  }

  #pluginMessage(leg: Dialect): Uint8Array {
    const text = this.#random.pick(["move arena", "move hub", "who", "nonsense"]);
    return encodePacket("PluginMessage", leg, { channel: 75, data: new TextEncoder().encode(text.padEnd(64)) });
  }

  #isClosed(leg: Leg): boolean {
    return this.#driver.closings.some((closing) => closing.leg === leg && closing.how !== "half");
  }
}

/** A small map that inflates, and the player's spawn in it. */
function worldOf(leg: Dialect): Uint8Array {
  const { extensions } = leg;
  const raw = Uint8Array.of(99, 4, 0);
  const gzip = Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 96, 96, 100, 4, 0, 202, 246, 62, 168, 5, 0, 0, 0);
  const data = extensions.has("FastMap") ? raw : gzip;
  const at = { x: 16, y: 51, z: 16, yaw: 0, pitch: 0 };
  return concat(
    encodePacket("LevelInitialize", leg, { volume: 1 }),
    encodePacket("LevelDataChunk", leg, { length: data.length, data, percent: 0 }),
    encodePacket("LevelFinalize", leg, { xSize: 1, ySize: 1, zSize: 1 }),
    extensions.has("ExtPlayerList", 2)
      ? encodePacket("ExtAddEntity2", leg, { entityId: 255, inGameName: "Steve", skinName: "Steve", ...at })
      : encodePacket("SpawnPlayer", leg, { playerId: 255, playerName: "Steve", ...at }),
  );
}

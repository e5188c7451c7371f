/**
 * What a session itself costs in play, without sockets: CPU time in the best of some rounds, allocated memory and writes for each chunk
 * that was read.
 *
 *     deno run --allow-all bench/hot_path.ts [PART OF A NAME]
 */
import { cpuUsage } from "node:process";
import { ExtensionSet } from "../lib/protocol/extensions.ts";
import type { Dialect } from "../lib/protocol/packet_table.ts";
import { encodePacket } from "../lib/protocol/packets.ts";
import { CLIENT, DEFAULT_LIMITS, type SessionOptions } from "../lib/session/port.ts";
import { MemoryDriver } from "../tests/harness/memory_driver.ts";
import { concat, dialect, extensionList, identification, smallMap, welcome } from "../tests/session/logins.ts";
import { summarize } from "./statistics.ts";

/** As many others as a player of the fan-out is told of. */
const OTHERS = 49;
/** Map packets that fit 64 KiB. */
const MAP_PACKETS = 63;
const WARM_UP_MS = 300;
const ROUNDS = 20;
const ROUND_MS = 50;
/** Chunks between two looks at the clock or the heap: few enough that the heap is seldom swept in between. */
const CHUNKS_PER_LOOK = 200;
const LOOKS = 99;

/** One way through a session. */
interface HotPath {
  readonly name: string;
  /** What the backend offers; the client has {@linkcode ALL}. */
  readonly backend: ExtensionSet;
  /** @default "parse" */
  readonly mode?: SessionOptions["mode"];
  readonly from: "client" | "backend";
  /** What is read again and again, in the dialect of the leg it comes from. */
  chunk(leg: Dialect): Uint8Array;
  /** Packets in it. */
  readonly packets: number;
}

/** With FastMap maps would have to be streams that can be inflated. */
const ALL = ExtensionSet.ALL.without("FastMap");
const NONE = ExtensionSet.EMPTY;
const LIMITS = { ...DEFAULT_LIMITS, packetsPerSecond: Number.MAX_SAFE_INTEGER };

const PATHS: readonly HotPath[] = [
  { name: "raw, 49 positions", backend: ALL, mode: "raw", from: "backend", chunk: positions, packets: OTHERS },
  { name: "untouched, 49 positions", backend: ALL, from: "backend", chunk: positions, packets: OTHERS },
  { name: "untouched, 1 position", backend: ALL, from: "backend", chunk: teleport, packets: 1 },
  { name: "untouched, 1 of the client", backend: ALL, from: "client", chunk: move, packets: 1 },
  { name: "untouched, 63 map packets", backend: ALL, from: "backend", chunk: map, packets: MAP_PACKETS },
  { name: "translated, 49 positions", backend: NONE, from: "backend", chunk: positions, packets: OTHERS },
  { name: "translated, 1 position", backend: NONE, from: "backend", chunk: teleport, packets: 1 },
  { name: "translated, 1 of the client", backend: NONE, from: "client", chunk: move, packets: 1 },
  { name: "translated, 63 map packets", backend: NONE, from: "backend", chunk: map, packets: MAP_PACKETS },
  { name: "every third translated", backend: NONE, from: "backend", chunk: mixed, packets: 3 * OTHERS },
];

/** Counts what is written instead of keeping it. */
class CountingDriver extends MemoryDriver {
  writes = 0;

  override write(): void {
    this.writes++;
  }
}

function teleport(leg: Dialect, playerId = 1): Uint8Array {
  return encodePacket("PlayerTeleport", leg, { playerId, x: -100, y: 2_000, z: 30_000, yaw: 4, pitch: 5 });
}

function move(leg: Dialect): Uint8Array {
  return encodePacket("PlayerPosition", leg, { held: 300, x: -100, y: 2_000, z: 40_000, yaw: 4, pitch: 5 });
}

function positions(leg: Dialect): Uint8Array {
  return concat(...Array.from({ length: OTHERS }, (_, id) => teleport(leg, id)));
}

function map(leg: Dialect): Uint8Array {
  const packet = encodePacket("LevelDataChunk", leg, { length: 1024, data: new Uint8Array(1024), percent: 50 });
  return concat(...Array.from({ length: MAP_PACKETS }, () => packet));
}

function mixed(leg: Dialect): Uint8Array {
  const step = encodePacket("PositionUpdate", leg, { playerId: 1, dx: 1, dy: 2, dz: 3 });
  const turn = encodePacket("OrientationUpdate", leg, { playerId: 1, yaw: 1, pitch: 2 });
  return concat(...Array.from({ length: OTHERS }, (_, id) => concat(step, teleport(leg, id), turn)));
}

/** A session in play. */
function playing({ backend, mode = "parse" }: HotPath): CountingDriver {
  const driver = new CountingDriver({ announced: ALL, mode, limits: LIMITS });
  driver.fromClient(identification());
  if (mode === "parse") driver.fromClient(extensionList(ALL));
  driver.open();
  driver.fromBackend(concat(extensionList(backend), welcome(), smallMap(dialect(backend))));
  return driver;
}

function measure(path: HotPath): void {
  const driver = playing(path);
  const isClient = path.from === "client";
  const leg = isClient ? CLIENT : driver.backend;
  const chunk = path.chunk(dialect(isClient ? ALL : path.backend));
  const look = (): void => {
    for (let i = 0; i < CHUNKS_PER_LOOK; i++) driver.session.bytes(leg, chunk);
  };
  const nanosecondsIn = (ms: number): number => {
    const before = cpuUsage();
    let looks = 0;
    for (const end = performance.now() + ms; performance.now() < end; looks++) look();
    const { user, system } = cpuUsage(before);
    return (user + system) * 1_000 / (looks * CHUNKS_PER_LOOK);
  };
  nanosecondsIn(WARM_UP_MS);
  const time = Math.min(...Array.from({ length: ROUNDS }, () => nanosecondsIn(ROUND_MS)));
  const { writes } = driver;
  const memory = summarize(Array.from({ length: LOOKS }, () => {
    const before = Deno.memoryUsage().heapUsed;
    look();
    return (Deno.memoryUsage().heapUsed - before) / CHUNKS_PER_LOOK;
  }));
  if (driver.session.ended) throw new Error(`Cannot measure "${path.name}": the session has ended`);
  console.log(
    path.name.padEnd(28),
    `${(time / path.packets).toFixed(1).padStart(7)} ns/packet`,
    `${time.toFixed(0).padStart(7)} ns/chunk`,
    `${(memory?.median ?? NaN).toFixed(0).padStart(6)} bytes/chunk`,
    `${((driver.writes - writes) / (LOOKS * CHUNKS_PER_LOOK)).toFixed(1)} writes/chunk`,
  );
}

for (const path of PATHS) if (path.name.includes(Deno.args[0] ?? "")) measure(path);

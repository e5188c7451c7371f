/** Logins for tests of sessions: what clients and backends say, as bytes. */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import { type Dialect, packetNamed, packetSize, type ProtocolVersion } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket, writePacket } from "../../lib/protocol/packets.ts";
import type { SessionOptions } from "../../lib/session/port.ts";
import { assertEquals } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";

/** A leg's dialect with CPE. */
export function dialect(extensions: ExtensionSet = ExtensionSet.EMPTY): Dialect {
  return { protocol: 7, cpe: true, extensions };
}

/** A leg's dialect without CPE. */
export function vanilla(protocol: ProtocolVersion = 7): Dialect {
  return { protocol, cpe: false, extensions: ExtensionSet.EMPTY };
}

/** The client's Identification; with CPE's magic byte unless `magic` says otherwise. */
export function identification(username = "Steve", key = "-", magic = 0x42): Uint8Array {
  return encodePacket("PlayerIdentification", dialect(), { protocol: 7, username, key, magic });
}

/** ExtInfo and its entries, as either side says them. */
export function extensionList(extensions: ExtensionSet, appName = "ClassiCube 1.3.8"): Uint8Array {
  const out = new PacketBuffer();
  writePacket(out, "ExtInfo", dialect(), { appName, count: extensions.size });
  for (const { name, version } of extensions.entries()) {
    writePacket(out, "ExtEntry", dialect(), { extension: name, version });
  }
  return out.copy();
}

/** The backend's Identification. */
export function welcome(leg: Dialect = dialect()): Uint8Array {
  return encodePacket("ServerIdentification", leg, {
    protocol: leg.protocol,
    serverName: "Hub",
    motd: "hi",
    userType: 0,
  });
}

/** A complete small map, and the player's spawn. */
export function smallMap(leg: Dialect): Uint8Array {
  return concat(
    encodePacket("LevelInitialize", leg, { volume: 1 }),
    encodePacket("LevelDataChunk", leg, { length: 4, data: Uint8Array.of(1, 2, 3, 4), percent: 0 }),
    encodePacket("LevelFinalize", leg, { xSize: 1, ySize: 1, zSize: 1 }),
    encodePacket("SpawnPlayer", leg, { playerId: 255, playerName: "Steve", x: 1, y: 2, z: 3, yaw: 4, pitch: 5 }),
  );
}

/** The reason the player reads in the kick that ends `bytes`. */
export function kickText(bytes: Uint8Array): string {
  const kick = bytes.subarray(bytes.length - packetSize(packetNamed("DisconnectPlayer"), vanilla()));
  assertEquals(kick[0], packetNamed("DisconnectPlayer").id);
  return readPacket("DisconnectPlayer", vanilla(), kick).reason;
}

export function concat(...pieces: Uint8Array[]): Uint8Array {
  const out = new PacketBuffer();
  for (const piece of pieces) out.append(piece);
  return out.copy();
}

/** A session whose client and backend both have `extensions`, with the login done and nothing left to take. */
export function playing(
  extensions: ExtensionSet,
  options: Partial<SessionOptions> = {},
  backends: readonly string[] = ["hub"],
): MemoryDriver {
  const driver = new MemoryDriver({ announced: extensions, ...options }, backends);
  driver.fromClient(identification());
  driver.open();
  driver.fromClient(extensionList(extensions));
  driver.fromBackend(concat(extensionList(extensions, "Backend 1.0"), welcome()));
  driver.take(0);
  driver.take(driver.backend);
  return driver;
}

/** The same for a client without CPE, which stands in a small map. */
export function playingVanilla(backends: readonly string[] = ["hub"]): MemoryDriver {
  const driver = new MemoryDriver({}, backends);
  driver.fromClient(identification("Steve", "-", 0));
  driver.open();
  driver.fromBackend(concat(welcome(vanilla()), smallMap(vanilla())));
  driver.take(0);
  driver.take(driver.backend);
  return driver;
}

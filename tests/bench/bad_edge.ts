/**
 * An edge as bad as can be, to be started in the place of the program: it loses positions and sessions, refuses moves, and counts wrongly.
 * Everybody is on the first world, whatever they speak: without CPE all of them are alike.
 */
import { knownSizes, packetNamed } from "../../lib/protocol/packet_table.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { VANILLA } from "../../bench/login.ts";

/** One position in so many never arrives. */
const LOST_POSITION = 400;
/** Milliseconds after which a session is lost, again and again. */
const LOST_SESSION_MS = 3_000;
const MISCOUNTED = 7;
const SIZES = knownSizes("c2s", VANILLA);
const POSITION = packetNamed("PlayerPosition").id;
const MESSAGE = packetNamed("PlayerMessage").id;
const REFUSAL = encodePacket("Message", VANILLA, { type: 0, message: "&cNo" });

const config = await Deno.readTextFile(Deno.args[2] ?? "");
const port = portOf(/bind = "127\.0\.0\.1:(\d+)"\npool/);
const adminPort = portOf(/\[admin\]\nbind = "127\.0\.0\.1:(\d+)"/);
const worldPort = portOf(/address = "127\.0\.0\.1:(\d+)"/);
let players = 0;
let positions = 0;
let losing: Deno.Conn | undefined;

function portOf(pattern: RegExp): number {
  return Number(pattern.exec(config)?.[1]);
}

/** The bytes of whole packets that are to go on, and what is left of the last one. */
function sifted(
  client: Deno.Conn,
  bytes: Uint8Array,
): { passed: Uint8Array<ArrayBuffer>; rest: Uint8Array<ArrayBuffer> } {
  const passed: number[] = [];
  let at = 0;
  for (let size = 0; at < bytes.length; at += size) {
    size = SIZES[bytes[at] ?? 0] ?? 0;
    if (at + size > bytes.length) break;
    const isLost = bytes[at] === POSITION && ++positions % LOST_POSITION === 0;
    const isMove = bytes[at] === MESSAGE &&
      readPacket("PlayerMessage", VANILLA, bytes, at).message.startsWith("/server");
    if (isMove) client.write(REFUSAL).catch(() => {});
    else if (!isLost) passed.push(...bytes.subarray(at, at + size));
  }
  return { passed: new Uint8Array(passed), rest: bytes.slice(at) };
}

async function relay(client: Deno.TcpConn): Promise<void> {
  players++;
  losing = client;
  const world = await Deno.connect({ hostname: "127.0.0.1", port: worldPort });
  client.setNoDelay(true);
  const back = world.readable.pipeTo(client.writable).catch(() => {});
  const inbox = new Uint8Array(64 * 1024);
  let kept = 0;
  try {
    for (;;) {
      const read = await client.read(inbox.subarray(kept));
      if (read === null) break;
      const { passed, rest } = sifted(client, inbox.subarray(0, kept + read));
      inbox.set(rest);
      kept = rest.length;
      for (let sent = 0; sent < passed.length;) sent += await world.write(passed.subarray(sent));
    }
  } catch {
    // Whoever of the two is gone, the other follows.
  }
  closeQuietly(world);
  await back;
  closeQuietly(client);
  if (losing === client) losing = undefined;
  players--;
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

setInterval(() => losing !== undefined && closeQuietly(losing), LOST_SESSION_MS);

Deno.serve({ hostname: "127.0.0.1", port: adminPort, onListen: () => {} }, () =>
  new Response(
    [
      `kurafuto_players{listener="main"} ${players + MISCOUNTED}`,
      `process_resident_memory_bytes ${100e6 + performance.now() * 1e3}`,
      `kurafuto_event_loop_lag_seconds_bucket{le="1"} 0`,
      `kurafuto_event_loop_lag_seconds_bucket{le="+Inf"} ${Math.round(performance.now())}`,
      "",
    ].join("\n"),
  ));
for await (const client of Deno.listen({ hostname: "127.0.0.1", port })) relay(client).catch(console.error);

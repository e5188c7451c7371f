/**
 * Floods a port of this machine until its standard input ends, then prints how many connections it made: from many addresses in turn, each
 * saying nothing, half an Identification, or a whole one with a wrong key. A program of its own, so that it can be given less of the
 * machine than those who play.
 *
 * Arguments: port, number of addresses, connections per second.
 */
import { connect } from "node:net";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { cpeDialect } from "../protocol/dialects.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";

/** Milliseconds between two looks at how many connections are due. */
const STEP_MS = 5;
/** Connections at one time. */
const MOST_OPEN = 3_000;
/** Milliseconds after which a connection that the edge has not closed is closed. */
const HOLD_MS = 3_000;

const [port = 0, addresses = 1, perSecond = 1] = Deno.args.map(Number);
const wrongKey = encodePacket("PlayerIdentification", cpeDialect(ExtensionSet.EMPTY), {
  protocol: 7,
  username: "Mallory",
  key: "0".repeat(32),
  magic: 0x42,
});
const SAYINGS = [new Uint8Array(0), wrongKey.subarray(0, 60), wrongKey];
let made = 0;
let open = 0;

function strike(): void {
  const number = made++ % addresses;
  const localAddress = `127.77.${1 + Math.floor(number / 200)}.${1 + number % 200}`;
  const saying = SAYINGS[made % SAYINGS.length] ?? wrongKey;
  open++;
  const socket = connect({ host: "127.0.0.1", port, localAddress, family: 4, autoSelectFamily: false });
  const deadline = setTimeout(() => socket.destroy(), HOLD_MS);
  socket.on("connect", () => saying.length > 0 && socket.write(saying));
  socket.resume();
  // Being refused is what it is for.
  socket.on("error", () => {});
  socket.on("close", () => {
    open--;
    clearTimeout(deadline);
  });
}

let due = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  // What could not be made in time is not made up for.
  due = Math.min(due + (now - last) * perSecond / 1000, perSecond);
  last = now;
  for (; due >= 1 && open < MOST_OPEN; due--) strike();
}, STEP_MS);
for await (const _ of Deno.stdin.readable);
clearInterval(timer);
console.log(made);
Deno.exit(0);

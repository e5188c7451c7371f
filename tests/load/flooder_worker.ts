/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The thread of a {@linkcode Flood}: connects from many addresses, says nothing, half an Identification, or a wrong key. */
import { connect, type Socket } from "node:net";
import type { FloodOrder, FloodReport } from "./flood.ts";

/** Milliseconds between two looks at how many connections are due. */
const STEP_MS = 5;
/** Connections at one time; whoever floods has only so many descriptors, too. */
const MOST_OPEN = 4_000;
/** Milliseconds after which a connection that the edge has not closed is closed. */
const HOLD_MS = 3_000;

let made = 0;
let failed = 0;
let open = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function begin({ port, addresses, perSecond, sayings }: FloodOrder & { kind: "begin" }): void {
  const start = performance.now();
  timer = setInterval(() => {
    const due = Math.floor((performance.now() - start) * perSecond / 1000);
    for (; made < due && open < MOST_OPEN; made++) {
      strike(port, addresses[made % addresses.length] ?? "", sayings[made % sayings.length]);
    }
    // What could not be done in time is not made up for: a flood has no memory.
    if (open >= MOST_OPEN) made = Math.max(made, Math.floor(due));
  }, STEP_MS);
}

function strike(port: number, localAddress: string, saying: Uint8Array | undefined): void {
  open++;
  const socket: Socket = connect({ host: "127.0.0.1", port, localAddress, family: 4, autoSelectFamily: false });
  const deadline = setTimeout(() => socket.destroy(), HOLD_MS);
  socket.on("connect", () => saying !== undefined && saying.length > 0 && socket.write(saying));
  socket.on("data", () => {});
  socket.on("error", () => failed++);
  socket.on("close", () => {
    open--;
    clearTimeout(deadline);
  });
}

self.addEventListener("message", ({ data: order }: MessageEvent<FloodOrder>) => {
  if (order.kind === "begin") begin(order);
  else clearInterval(timer);
  const report: FloodReport = { made, failed, open };
  self.postMessage(report);
});

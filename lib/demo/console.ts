import type { Control } from "../admin/control.ts";
import { messageOf } from "../error_message.ts";
import type { DemoWorld } from "./demo_world.ts";

/** Characters kept of a line. */
const MAX_LINE_LENGTH = 80;

/** What a console reads, writes and commands. */
export interface ConsoleOptions {
  /** What is typed: UTF-8, one command a line. */
  readonly input: ReadableStream<Uint8Array>;
  readonly worlds: readonly DemoWorld[];
  /** What is in front of the worlds. */
  readonly edge: Pick<Control, "drain" | "enable">;
  /** Takes whole lines for whoever types. */
  readonly print: (text: string) => void;
  /** Ends the console. */
  readonly signal: AbortSignal;
}

/**
 * Obeys what is typed, one command after the other: `stop`, `start`, `drain` and `enable` with the name of a world, and `help`. Resolves
 * when the input has ended, as it has from the start where nobody can type, or when the signal says so; a command under way is
 * finished first.
 */
export async function runConsole({ input, worlds, edge, print, signal }: ConsoleOptions): Promise<void> {
  const reader = input.getReader();
  const close = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  try {
    for await (const line of linesOf(reader)) {
      if (signal.aborted) break;
      if (line.trim() !== "") print(`${await obey(line, worlds, edge)}\n`);
    }
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** The lines of a stream, the last one also without its end. A stream that fails, as that of a lost terminal, has ended. */
async function* linesOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let bytes = await read(reader); bytes !== undefined; bytes = await read(reader)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE_LENGTH);
    yield* lines;
  }
  yield rest;
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    return undefined;
  }
}

/** Does what a line says. Returns what to answer. */
async function obey(
  line: string,
  worlds: readonly DemoWorld[],
  edge: ConsoleOptions["edge"],
): Promise<string> {
  const words = line.trim().toLowerCase().split(/\s+/);
  if (words[0] === "demo") words.shift();
  const [command, name, ...rest] = words;
  const world = worlds.find((world) => world.name === name);
  if (rest.length === 0 && world !== undefined) {
    if (command === "stop") return await stop(world);
    if (command === "start") return await start(world);
    if (command === "drain") return edge.drain(world.name, { move: true }).message;
    if (command === "enable") return edge.enable(world.name).message;
  }
  if (command === "help" && name === undefined) return help(worlds);
  const typed = JSON.stringify(line.trim().slice(0, MAX_LINE_LENGTH));
  return `Cannot do ${typed}: type ${commandsFor(worlds).join(", ")} or help`;
}

async function stop(world: DemoWorld): Promise<string> {
  if (!world.isRunning) return `${world.name} is stopped already`;
  await world.stop();
  return `${world.name} is stopped; start ${world.name} opens it again`;
}

async function start(world: DemoWorld): Promise<string> {
  if (world.isRunning) return `${world.name} is running already`;
  try {
    await world.start();
  } catch (error) {
    return `Cannot start ${world.name} on ${world.address}: ${messageOf(error)}`;
  }
  return `${world.name} is open again`;
}

function help(worlds: readonly DemoWorld[]): string {
  return [
    ...worlds.map(({ name }) => `stop ${name.padEnd(8)} stop that world: its players go on elsewhere`),
    ...worlds.map(({ name }) => `start ${name.padEnd(7)} start it again, with what was built there`),
    ...worlds.map(({ name }) => `drain ${name.padEnd(7)} give it no more players, and move those who are there`),
    ...worlds.map(({ name }) => `enable ${name.padEnd(6)} give it players again`),
    "help          show this; Ctrl-C stops the demo",
  ].join("\n");
}

function commandsFor(worlds: readonly DemoWorld[]): readonly string[] {
  return ["stop", "start", "drain", "enable"].flatMap((command) => worlds.map(({ name }) => `${command} ${name}`));
}

import { type ConsoleOptions, runConsole } from "../../lib/demo/console.ts";
import { DemoWorld } from "../../lib/demo/demo_world.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { Waits } from "../harness/waits.ts";
import { Client } from "./client.ts";

const UNKNOWN =
  "type stop hub, stop arena, start hub, start arena, drain hub, drain arena, enable hub, enable arena or help";

/** A console with two worlds, and somebody who types. */
class Typist implements AsyncDisposable {
  /** What the console said, line by line. */
  readonly lines: string[] = [];
  readonly worlds: readonly DemoWorld[];
  readonly ended: Promise<void>;
  readonly #closing = new AbortController();
  readonly #input = new TransformStream<Uint8Array, Uint8Array>();
  readonly #keyboard = this.#input.writable.getWriter();
  readonly #waits = new Waits(() => `the console said ${JSON.stringify(this.lines)}`);

  private constructor(worlds: readonly DemoWorld[]) {
    this.worlds = worlds;
    const print = (text: string): void => {
      assert(text.endsWith("\n"));
      this.lines.push(...text.slice(0, -1).split("\n"));
      this.#waits.changed();
    };
    const edge: ConsoleOptions["edge"] = {
      drain: (backend, { move }) => ({ kind: "done", message: `drained ${backend}, moving: ${move}` }),
      enable: (backend) => ({ kind: "done", message: `enabled ${backend}` }),
    };
    this.ended = runConsole({ input: this.#input.readable, worlds, edge, print, signal: this.#closing.signal });
  }

  static async sitDown(): Promise<Typist> {
    const open = (name: string): Promise<DemoWorld> => DemoWorld.start(name, { port: quietPort() });
    return new Typist([await open("hub"), await open("arena")]);
  }

  get arena(): DemoWorld {
    const [, arena] = this.worlds;
    assert(arena !== undefined);
    return arena;
  }

  /** Types `text`, in one piece. */
  type(text: string): Promise<void> {
    return this.#keyboard.write(new TextEncoder().encode(text));
  }

  /** Types a line and waits for the first line of the answer. */
  async ask(line: string): Promise<string> {
    const before = this.lines.length;
    await this.type(`${line}\n`);
    return await this.#waits.until(() => this.lines[before], `an answer to ${line}`);
  }

  /** Waits until the console has said `count` lines. */
  async said(count: number): Promise<readonly string[]> {
    await this.#waits.until(() => this.lines.length >= count, `${count} lines`);
    return this.lines;
  }

  endOfInput(): Promise<void> {
    return this.#keyboard.close();
  }

  failInput(): Promise<void> {
    return this.#keyboard.abort(new Error("the terminal is gone"));
  }

  closeConsole(): void {
    this.#closing.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.ended;
    await Promise.all(this.worlds.map((world) => world.stop()));
  }
}

function listening({ address }: DemoWorld): { readonly address: string; readonly port: number } {
  return { address, port: Number(address.split(":").at(-1)) };
}

Deno.test("stop closes a world and sends its players away, start opens it where it was", async () => {
  await using typist = await Typist.sitDown();
  const { arena } = typist;
  await using player = await Client.join(listening(arena));
  assertEquals(await typist.ask("stop arena"), "arena is stopped; start arena opens it again");
  assertEquals(await player.kicked(), "Server is shutting down");
  await player.closed();
  await assertRejects(() => Deno.connect(listening(arena)), Deno.errors.ConnectionRefused);
  assertEquals(await typist.ask("start arena"), "arena is open again");
  await using returned = await Client.join(listening(arena));
  assertEquals(returned.end, undefined);
});

Deno.test("drain and enable tell the edge whether a world gets players", async () => {
  await using typist = await Typist.sitDown();
  assertEquals(await typist.ask("drain arena"), "drained arena, moving: true");
  assertEquals(await typist.ask("enable arena"), "enabled arena");
  assertEquals(typist.worlds.every(({ isRunning }) => isRunning), true);
});

Deno.test("a world that is as it should be stays so", async () => {
  await using typist = await Typist.sitDown();
  assertEquals(await typist.ask("start hub"), "hub is running already");
  await typist.ask("stop hub");
  assertEquals(await typist.ask("stop hub"), "hub is stopped already");
  assertEquals(typist.worlds.map(({ isRunning }) => isRunning), [false, true]);
});

Deno.test("commands may begin with demo, be in capitals and have space around them", async () => {
  await using typist = await Typist.sitDown();
  assertMatch(await typist.ask("demo stop arena"), /^arena is stopped;/);
  assertMatch(await typist.ask("  START\t Arena \r"), /^arena is open/);
  assertMatch(await typist.ask("Demo Stop HUB"), /^hub is stopped;/);
});

Deno.test("anything else is answered with one line that says what there is, and nothing for an empty one", async () => {
  await using typist = await Typist.sitDown();
  for (
    const line of ["dance", "stop", "stop lobby", "stop hub arena", "help hub", "demo", "hub stop", "toString hub"]
  ) {
    assertEquals(await typist.ask(line), `Cannot do ${JSON.stringify(line)}: ${UNKNOWN}`);
  }
  assertEquals(await typist.ask("\n \nstöp \x1b[2J"), `Cannot do "stöp \\u001b[2J": ${UNKNOWN}`);
  assertEquals(typist.lines.length, 9);
  assertEquals(typist.worlds.every(({ isRunning }) => isRunning), true);
});

Deno.test("help names every command", async () => {
  await using typist = await Typist.sitDown();
  await typist.type("help\n");
  const lines = await typist.said(9);
  const commands = ["stop", "start", "drain", "enable"].flatMap((command) => [`${command} hub`, `${command} arena`]);
  for (const command of [...commands, "help"]) {
    assert(lines.some((line) => line.startsWith(`${command} `)), command);
  }
});

Deno.test("lines may come in pieces, and many at once are obeyed one after the other", async () => {
  await using typist = await Typist.sitDown();
  for (const char of "stop arena\nstart ar") await typist.type(char);
  await typist.type("ena\nstop hub\nstart hub\nstop hub\n");
  assertEquals((await typist.said(5)).map((line) => line.split(";")[0]), [
    "arena is stopped",
    "arena is open again",
    "hub is stopped",
    "hub is open again",
    "hub is stopped",
  ]);
});

Deno.test("a line without end is not kept whole", async () => {
  await using typist = await Typist.sitDown();
  for (let count = 0; count < 100; count++) await typist.type("x".repeat(10_000));
  assertEquals(await typist.ask(""), `Cannot do "${"x".repeat(80)}": ${UNKNOWN}`);
  assertMatch(await typist.ask("stop hub"), /^hub is stopped;/);
});

Deno.test("a world whose port was taken meanwhile can be started once it is free", async () => {
  await using typist = await Typist.sitDown();
  const { arena } = typist;
  await typist.ask("stop arena");
  const taken = Deno.listen(listening(arena));
  assertMatch(await typist.ask("start arena"), /^Cannot start arena on 127\.0\.0\.1:\d+: Address already in use/);
  taken.close();
  assertEquals(await typist.ask("start arena"), "arena is open again");
});

Deno.test("the end of the input ends the console, after its last line, and stops no world", async () => {
  await using typist = await Typist.sitDown();
  await typist.type("stop arena");
  await typist.endOfInput();
  await typist.ended;
  assertEquals(typist.lines.length, 1);
  assertEquals(typist.worlds.map(({ isRunning }) => isRunning), [true, false]);
});

Deno.test("an input that is empty or fails is like one that ends", async () => {
  await using empty = await Typist.sitDown();
  await empty.endOfInput();
  await empty.ended;
  await using lost = await Typist.sitDown();
  await lost.failInput();
  await lost.ended;
  assertEquals([...empty.lines, ...lost.lines], []);
});

Deno.test("the signal ends the console in the middle of a line, which is not obeyed", async () => {
  await using typist = await Typist.sitDown();
  await typist.type("stop hub");
  typist.closeConsole();
  await typist.ended;
  assertEquals([typist.lines.length, typist.worlds.every(({ isRunning }) => isRunning)], [0, true]);
});

import { formatAddress } from "../config/address.ts";
import { parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { type Edge, startEdge } from "../edge.ts";
import { ExitCode } from "../process/exit_code.ts";
import type { OpenLog } from "../observe/log.ts";
import { writeStdout } from "../observe/standard_streams.ts";
import { StopRequests } from "../process/signals.ts";
import { BindError } from "../transport/bind_error.ts";
import { generateArena } from "./arena.ts";
import { runConsole } from "./console.ts";
import { DemoWorld } from "./demo_world.ts";
import { generateHub } from "./hub.ts";
import { type ClassicServerOptions, DEFAULT_EXTENSIONS } from "./options.ts";
import { CLASSICUBE } from "./presets.ts";

const PORT = 25565;
/** Where the dashboard is, unless another program has the port. */
const ADMIN_PORT = 8080;

/** A running network: the edge and the two servers behind it. */
export interface Demo {
  readonly edge: Edge;
  readonly worlds: readonly DemoWorld[];
  /** Stops the edge, then the servers that run. */
  stop(): Promise<void>;
}

/** Ports on 127.0.0.1; 0 for any that is free. */
export interface DemoOptions {
  /** Where players connect. @default 25565 */
  readonly port?: number;
  /** Where the dashboard is. @default 8080 */
  readonly adminPort?: number;
}

/**
 * Starts the worlds "hub" and "arena" on free ports of this machine, and the edge in front of them.
 *
 * @throws {BindError} where the port for players is taken; the dashboard takes another one then
 */
export async function startDemo(
  log: OpenLog,
  { port = PORT, adminPort = ADMIN_PORT }: DemoOptions = {},
): Promise<Demo> {
  const worlds = [
    await startWorld(log, "hub", { world: generateHub(), extensions: CLASSICUBE }),
    // Fewer extensions than the hub, as servers in one network seldom have the same.
    await startWorld(log, "arena", {
      world: generateArena(),
      extensions: DEFAULT_EXTENSIONS.without("ExtEntityPositions", "FastMap", "InstantMOTD"),
    }),
  ];
  const stopWorlds = async (): Promise<void> => {
    await Promise.all(worlds.map((world) => world.stop()));
  };
  try {
    const edge = await startDemoEdge(worlds, { port, adminPort }, log);
    return {
      edge,
      worlds,
      stop: async () => {
        await edge.stop();
        await stopWorlds();
      },
    };
  } catch (error) {
    await stopWorlds();
    throw error;
  }
}

/**
 * Runs the demo network on port 25565 until TERM or INT, and returns the exit code.
 *
 * @param stdin What is typed meanwhile; see {@linkcode runConsole}.
 */
export async function runDemo(log: OpenLog, stdin: ReadableStream<Uint8Array>): Promise<number> {
  // A signal that comes while the demo starts stops it as soon as it has.
  const stop = new StopRequests();
  let demo: Demo;
  try {
    demo = await startDemo(log);
  } catch (error) {
    if (!(error instanceof BindError && error.inUse)) throw error;
    log.error("start-failed", `Cannot start the demo: port ${PORT} of 127.0.0.1 is in use by another program`);
    return ExitCode.Temporary;
  }
  writeStdout(instructions(demo.edge));
  const closing = new AbortController();
  const typing = runConsole({
    input: stdin,
    worlds: demo.worlds,
    edge: demo.edge.control,
    print: writeStdout,
    signal: closing.signal,
  });
  demo.edge.endAsked.then(() => stop.ask("drain"));
  const signal = await stop.first;
  log.info("stopping", "stopping", { signal, sessions: demo.edge.sessions });
  closing.abort();
  await typing;
  await demo.stop();
  return ExitCode.Ok;
}

function instructions({ admin }: Edge): string {
  const dashboard = admin === undefined ? "" : `http://${formatAddress(admin)}/`;
  return `
Kurafuto runs a network of two worlds on this machine: hub, a green island, and arena, a coliseum.

  Join    Get ClassiCube from https://www.classicube.net/download/, choose "Direct connect", enter
            Username  any name
            Address   127.0.0.1:${PORT}
            Mppass    leave it empty
          Each time you join, the edge takes you to the next of the two worlds.
  Play    W A S D walk, Space jumps, the mouse builds and breaks, B picks a block, T chats.
          Type /help for the worlds' commands. Start ClassiCube twice to meet yourself.
  Move    Type /server in chat to list the worlds, /server arena to go there.
  Fail    Type here:
            stop arena   its players go on in hub, still connected; in the waiting room if you stop hub, too
            start arena  takes players again, with what they built
            drain arena  takes no more players and gives away those it has; enable arena ends that
            help         what else you can type
  Watch   Open ${dashboard} in a browser: who is where, move and kick players, drain a world.
  Stop    Press Ctrl-C here.

`;
}

function startWorld(log: OpenLog, name: string, options: ClassicServerOptions): Promise<DemoWorld> {
  return DemoWorld.start(name, {
    ...options,
    motd: "A demo world of Kurafuto",
    residents: 2,
    onEvent: (event) => {
      if (event.kind !== "joined" && event.kind !== "left") return;
      log.debug(`world-${event.kind}`, event.kind, { world: name, player: event.player });
    },
  });
}

async function startDemoEdge(
  worlds: readonly DemoWorld[],
  ports: Required<DemoOptions>,
  log: OpenLog,
): Promise<Edge> {
  try {
    return await startEdge(configOf(worlds, ports), log);
  } catch (error) {
    if (!(error instanceof BindError && error.who === "admin" && error.inUse)) throw error;
    log.info("admin-elsewhere", "the dashboard's usual port is in use by another program");
    return await startEdge(configOf(worlds, { ...ports, adminPort: 0 }), log);
  }
}

function configOf(worlds: readonly DemoWorld[], { port, adminPort }: Required<DemoOptions>): Config {
  const text = `
    [edge]
    name = "Kurafuto demo"
    motd = "Two worlds, one door"
    drain_timeout = "0s"
    [admin]
    bind = "127.0.0.1:${adminPort}"
    [health]
    interval = "500ms"
    rise = 1
    fall = 1
    [limits]
    connections_per_address = 100
    connect_rate_per_address = "100/10s"
    [[listener]]
    name = "main"
    bind = "127.0.0.1:${port}"
    pool = "worlds"
    auth = "off"
    [[pool]]
    name = "worlds"
    backends = [${worlds.map(({ name }) => `"${name}"`).join(", ")}]
    balance = "round-robin"
    recent = false
    fallback = ["worlds"]
    on_kick = "fallback"
    ${worlds.map(({ name, address }) => `[[backend]]\nname = "${name}"\naddress = "${address}"`).join("\n")}
  `;
  return parseConfig(text, { path: "demo" }).config;
}

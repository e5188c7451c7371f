/**
 * Every key of the manual must do something: an edge whose player sees everything reads each of them. What this version refuses is
 * read by the configuration alone.
 */
import { parseConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { startEdge } from "../../lib/edge.ts";
import { openLog } from "../../lib/observe/log.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { ObservedServer } from "../e2e/observed_server.ts";
import { GREETING } from "../e2e/waiting.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { dialect } from "../session/logins.ts";

const LEG = dialect(CLASSICUBE);
/** Nothing listens there. */
const NOBODY = "http://127.0.0.1:1/";

const EXAMPLE = Deno.readTextFileSync(new URL("../../kurafuto.example.toml", import.meta.url));
const COMPLETE = EXAMPLE.replaceAll(/^#(?=\[|[a-z_]+ = )/gm, "");

/** A key in every table that no code knows. */
const INVENTED = "invented";
/** Sections that are copied whole somewhere, which reads whatever is in them. */
const COPIED: readonly string[] = ["heartbeatAbsorber"];

/** What is taken from a configuration, and what is not. */
class Readings {
  /** The configuration, which notes what is taken from it. */
  readonly config: Config;
  readonly #fields = new Set<string>();
  readonly #read = new Set<string>();

  constructor(config: Config) {
    const sections = Object.entries(config).map(([section, value]) => [
      section,
      Array.isArray(value) ? value.map((table) => this.#watch(section, table)) : value && this.#watch(section, value),
    ]);
    this.config = Object.fromEntries(sections);
  }

  /** What nothing was taken from, as `section.field`. */
  get unread(): readonly string[] {
    return [...this.#fields.difference(this.#read)];
  }

  #watch(section: string, table: object): object {
    const fields = { ...table, [INVENTED]: true };
    for (const field of Object.keys(fields)) this.#fields.add(`${section}.${field}`);
    return new Proxy(fields, {
      get: (target, field) => {
        this.#read.add(`${section}.${String(field)}`);
        return Reflect.get(target, field);
      },
    });
  }
}

/** The example for this machine, with a player whose server kicks. */
function exampleFor(folder: string, server: string): Config {
  const toml = COMPLETE.replace("0.0.0.0:25565", "127.0.0.1:0").replace("127.0.0.1:25566", server)
    .replace('auth = "mppass"', 'auth = "off"').replace('on_kick = "disconnect"', 'on_kick = "fallback"')
    .replace("https://www.classicube.net/", NOBODY);
  const settings = {
    "edge.data_dir": folder,
    "edge.drain_timeout": "100ms",
    "log.file": `${folder}/log`,
    "health.interval": "100ms",
    "heartbeat_absorber.bind": "127.0.0.1:0",
    "admin.bind": `unix:${folder}/admin.sock`,
  };
  const overrides = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  return parseConfig(toml, { path: "kurafuto.example.toml", overrides }).config;
}

Deno.test("an edge whose player sees everything has read every key of the example", async () => {
  await using running = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  running.defer(() => Deno.remove(folder, { recursive: true }));
  const { server, address } = running.use(
    await ObservedServer.start({ name: "hub", port: quietPort(), extensions: CLASSICUBE }),
  );
  const readings = new Readings(exampleFor(folder, address));
  const edge = running.use(await startEdge(readings.config, openLog(readings.config.log)));
  const [target] = edge.listeners;
  assert(target !== undefined);
  await using bot = await Bot.connect(target, { extensions: CLASSICUBE });
  await bot.joined();
  await bot.chat("/server");
  await bot.chatLine(/hub/);
  server.sendBytes(bot.name, encodePacket("PluginMessage", LEG, { channel: 0, data: new Uint8Array(64) }));
  server.sendBytes(bot.name, encodePacket("Message", LEG, { type: 0, message: "^detail.user.kurafuto guess lobby" }));
  server.sendBytes(bot.name, encodePacket("DisconnectPlayer", LEG, { reason: "Enough" }));
  await bot.chatLine(new RegExp(GREETING));
  await server.kill();
  await eventually(() => edge.backends[0]?.state === "down", "the hub down");
  running.use(await ObservedServer.start({ name: "hub", port: server.port }));
  await eventually(() => edge.backends[0]?.state === "up", "the hub up again");
  await edge.retire();
  const sections = Object.keys(readings.config).filter((section) => !COPIED.includes(section));
  const invented = sections.map((section) => `${section}.${INVENTED}`);
  assertEquals(readings.unread.toSorted(), invented.toSorted());
});

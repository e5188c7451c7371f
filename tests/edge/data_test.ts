import { parseConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { EdgeData } from "../../lib/edge/data.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { quietLog } from "../harness/quiet_log.ts";

Deno.test("what is prepared for another configuration counts only once it is committed", async () => {
  await withDataDir(async (dataDir) => {
    const [before, next] = [configOf(dataDir, false), configOf(dataDir, true)];
    const data = await EdgeData.open(before, quietLog());
    data.recent.remember("Steve", "lobby", "hub");
    const { keyrings, recent } = data;
    assertEquals([...keyrings.keys()], []);

    (await data.prepare(before, next)).discard();
    assertEquals(data.keyrings === keyrings, true);
    assertEquals(data.recent === recent, true);
    assertEquals(data.recent.last("Steve", "lobby"), "hub");

    (await data.prepare(before, next)).commit();
    assertEquals([...data.keyrings.keys()], ["main"]);
    assertEquals(data.recent === recent, false);
    await close(data);
  });
});

Deno.test("what both configurations have stays as it is", async () => {
  await withDataDir(async (dataDir) => {
    const config = configOf(dataDir, true);
    const data = await EdgeData.open(config, quietLog());
    const { recent } = data;
    const keyring = data.keyrings.get("main");
    (await data.prepare(config, configOf(dataDir, true))).commit();
    assertEquals(data.keyrings.get("main") === keyring, true);
    assertEquals(data.recent === recent, true);
    await close(data);
  });
});

Deno.test("a data directory that cannot be made is told with its key and path, whatever would be kept there", async () => {
  await withDataDir(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const path = `${folder}/file/data`;
    const { listeners, pools, ...rest } = configOf(path, true);
    const salts = { ...rest, listeners, pools: pools.map((pool) => ({ ...pool, recent: false })) };
    const recent = { ...rest, pools, listeners: listeners.map((listener) => ({ ...listener, auth: "off" as const })) };
    for (const config of [salts, recent]) {
      const { message } = await assertRejects(() => EdgeData.open(config, quietLog()), UnusableFileError);
      assert(message.startsWith(`Cannot use edge.data_dir '${path}': Not a directory`), message);
    }
  });
});

async function close(data: EdgeData): Promise<void> {
  await data.settled();
  data.close();
}

async function withDataDir(act: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await act(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** @param keeps Whether keys are checked and players come back to where they were. */
function configOf(dataDir: string, keeps: boolean): Config {
  const text = `
[edge]
data_dir = ${JSON.stringify(dataDir)}

[[listener]]
name = "main"
bind = "127.0.0.1:0"
auth = "${keeps ? "mppass" : "off"}"
pool = "lobby"

[[backend]]
name = "hub"
address = "127.0.0.1:1"

[[pool]]
name = "lobby"
backends = ["hub"]
recent = ${keeps}
`;
  return parseConfig(text, { path: "kurafuto.toml" }).config;
}

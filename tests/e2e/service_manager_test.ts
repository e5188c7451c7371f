import { ClassicServer } from "../../lib/demo/server.ts";
import { assertEquals, assertMatch, assertNotEquals } from "../harness/assert.ts";
import { Manager } from "../harness/manager.ts";
import { DENO_FLAGS, network } from "../harness/program.ts";

const START_MS = 30_000;

Deno.test("the service manager is told when the edge takes players, reloads, whether it could or not, and stops", async () => {
  await using server = await ClassicServer.start();
  await using manager = await Manager.start();
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const path = `${folder}/kurafuto.toml`;
  const write = (more: string): Promise<void> =>
    Deno.writeTextFile(
      path,
      `[edge]\ndata_dir = "${folder}/data"\n${more}\n${network([{ name: "hub", address: server.address }])}`,
    );
  await write("");
  await using edge = start(["run", "-c", path], manager);
  await manager.message("READY=1", { timeoutMs: START_MS });
  for (const more of ['motd = "Changed"', "no TOML"]) {
    await write(more);
    edge.kill("SIGHUP");
    assertMatch(await manager.message("RELOADING=1"), /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    await manager.message("READY=1");
  }
  edge.kill("SIGTERM");
  await manager.message("STOPPING=1");
  assertMatch(await manager.message("EXTEND_TIMEOUT_USEC="), /^EXTEND_TIMEOUT_USEC=\d{7,}$/);
  assertEquals((await edge.status).code, 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the watchdog of the service manager is fed for as long as the edge works", async () => {
  await using server = await ClassicServer.start();
  await using manager = await Manager.start();
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const path = `${folder}/kurafuto.toml`;
  const config = network([{ name: "hub", address: server.address }]);
  await Deno.writeTextFile(path, `[edge]\ndata_dir = "${folder}/data"\n${config}`);
  await using edge = start(["run", "-c", path], manager, { WATCHDOG_USEC: "200000" });
  await manager.message("READY=1", { timeoutMs: START_MS });
  for (let beat = 0; beat < 5; beat++) await manager.message("WATCHDOG=1");
  edge.kill("SIGTERM");
  assertEquals((await edge.status).code, 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "the service manager is told which process is the edge after an upgrade, and nothing of an end",
  ignore: Deno.build.os !== "linux" || Deno.env.get("KURAFUTO_EDGE__DRIVER") === "deno",
  fn: async () => {
    await using server = await ClassicServer.start();
    await using manager = await Manager.start();
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const path = `${folder}/kurafuto.toml`;
    const config = network([{ name: "hub", address: server.address }]);
    await Deno.writeTextFile(path, `[edge]\ndata_dir = "${folder}/data"\n${config}`);
    await using edge = start(["run", "-c", path], manager);
    await manager.message("READY=1", { timeoutMs: START_MS });
    edge.kill("SIGUSR2");
    const [, pid] = /^WATCHDOG=1\nMAINPID=(\d+)$/.exec(await manager.message("WATCHDOG=1", { timeoutMs: START_MS })) ??
      [];
    assertNotEquals(Number(pid), edge.pid);
    assertEquals((await edge.status).code, 0);
    Deno.kill(Number(pid), "SIGTERM");
    // The first of its kind: the old process did not say so.
    assertEquals(await manager.message("STOPPING=1"), "STOPPING=1");
    await Deno.remove(folder, { recursive: true });
  },
});

/** Starts the program as a service manager does. */
function start(
  args: readonly string[],
  { path }: Manager,
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const executable = Deno.env.get("KURAFUTO_EXECUTABLE");
  return new Deno.Command(executable ?? Deno.execPath(), {
    args: executable === undefined ? [...DENO_FLAGS, ...args] : [...args],
    env: { NOTIFY_SOCKET: path, ...env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

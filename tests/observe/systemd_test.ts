import { ServiceManager } from "../../lib/observe/systemd.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { Manager } from "../harness/manager.ts";

Deno.test("the service manager is told of start, reload, state and stop, in order and word for word", async () => {
  await using manager = await Manager.start();
  const service = open(manager);
  service.ready();
  service.status("3 players\non 2 of 2 backends");
  service.reloading();
  service.ready();
  service.stopping();
  service.extend(30_500.4);
  await service.close();
  const messages = await manager.messages(6);
  const [reload] = messages.splice(2, 1);
  assertMatch(reload ?? "", /^RELOADING=1\nMONOTONIC_USEC=[1-9]\d*$/);
  assertEquals(messages, [
    "READY=1",
    "STATUS=3 players on 2 of 2 backends",
    "READY=1",
    "STOPPING=1",
    "EXTEND_TIMEOUT_USEC=30500400",
  ]);
});

Deno.test("the service manager is told which process is the service, and that this one has been alive until then", async () => {
  await using manager = await Manager.start();
  const service = open(manager);
  service.handedOver(4711);
  await service.close();
  assertEquals(await manager.messages(1), ["WATCHDOG=1\nMAINPID=4711"]);
});

Deno.test("a reload carries the kernel's monotonic clock: never behind, at most a second and a bit ahead", async () => {
  await using manager = await Manager.start();
  const service = open(manager);
  for (let reload = 0; reload < 5; reload++) {
    const before = await uptime();
    service.reloading();
    const after = await uptime();
    const message = (await manager.messages(1))[0] ?? "";
    const told = Number(/^MONOTONIC_USEC=(\d+)$/m.exec(message)?.[1]) / 1_000_000;
    assert(told >= before, `told ${told}, before ${before}`);
    assert(told <= after + 1.02, `told ${told}, after ${after}`);
  }
  await service.close();
});

Deno.test("the same status is sent once", async () => {
  await using manager = await Manager.start();
  const service = open(manager);
  for (const text of ["1 player", "1 player", "2 players", "1 player"]) service.status(text);
  await service.close();
  assertEquals(await manager.messages(3), ["STATUS=1 player", "STATUS=2 players", "STATUS=1 player"]);
});

Deno.test("the watchdog is fed in time, for as long as the service is open", async () => {
  await using manager = await Manager.start();
  const start = performance.now();
  const service = open(manager, { WATCHDOG_USEC: "80000", WATCHDOG_PID: String(Deno.pid) });
  assertEquals(new Set(await manager.messages(6)), new Set(["WATCHDOG=1"]));
  // Five spans of 40 ms lie between the first beat and the sixth.
  assert(performance.now() - start >= 150);
  // A beat that went on would be a timer left behind.
  await service.close();
});

Deno.test("no beats are sent for the watchdog of another process, nor without one", async () => {
  const others = [{ WATCHDOG_USEC: "2000", WATCHDOG_PID: "1" }, { WATCHDOG_USEC: "soon" }, { WATCHDOG_USEC: "0" }, {}];
  for (const env of others) {
    await using manager = await Manager.start();
    const service = open(manager, env);
    await new Promise((resolve) => setTimeout(resolve, 20));
    service.stopping();
    await service.close();
    assertEquals(await manager.messages(1), ["STOPPING=1"]);
  }
});

Deno.test("the socket leaves no file behind, in the runtime directory or elsewhere", async () => {
  await using manager = await Manager.start();
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const service = open(manager, { RUNTIME_DIRECTORY: `${folder}:/run/other` });
  service.ready();
  await manager.messages(1);
  assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  await service.close();
  await Deno.remove(folder);
});

Deno.test("an abstract name reaches the manager, or the problem names it where Deno knows none", async () => {
  const name = `kurafuto-test-${crypto.randomUUID()}`;
  const problems: string[] = [];
  const open = (): ServiceManager =>
    ServiceManager.open({ NOTIFY_SOCKET: `@${name}` }, (problem) => problems.push(problem));
  if (Deno.version.deno.startsWith("2.7.")) {
    const service = open();
    service.ready();
    await service.close();
    const why =
      "Cannot notify the service manager: this build knows no abstract sockets; current value of NOTIFY_SOCKET is '@";
    assertEquals(problems, [`${why}${name}'`]);
    return;
  }
  await using manager = await Manager.start(`\0${name}`);
  const service = open();
  service.stopping();
  assertEquals(await manager.messages(1), ["STOPPING=1"]);
  await service.close();
  assertEquals(problems, []);
});

Deno.test("without a service manager nothing happens", async () => {
  for (const env of [{}, { NOTIFY_SOCKET: "" }, { WATCHDOG_USEC: "2000" }]) {
    const service = ServiceManager.open(env, (problem) => {
      throw new Error(problem);
    });
    service.ready();
    service.reloading();
    service.status("well");
    service.extend(1_000);
    service.stopping();
    await service.close();
  }
});

Deno.test("a manager that is gone, or that cannot be reached, is told of once and does no harm", async () => {
  const addresses = {
    "/nowhere/notify": "No such file",
    "vsock:2:1": "it must be a path",
    "notify": "it must be a path",
  };
  for (const [address, why] of Object.entries(addresses)) {
    const problems: string[] = [];
    const service = ServiceManager.open({ NOTIFY_SOCKET: address }, (problem) => problems.push(problem));
    service.ready();
    service.reloading();
    service.stopping();
    await service.close();
    assertEquals(problems.length, 1);
    assertMatch(problems[0] ?? "", new RegExp(`^Cannot notify the service manager: .*${why}.*'${address}'$`));
  }
});

Deno.test("a manager that reads nothing holds up no end", async () => {
  await using manager = await Manager.start();
  const problems: string[] = [];
  const service = ServiceManager.open({ NOTIFY_SOCKET: manager.path }, (problem) => problems.push(problem));
  // More than the kernel keeps for a reader, and than the edge keeps for the kernel.
  for (let text = 0; text < 2_000; text++) {
    service.status(String(text));
    await Promise.resolve();
  }
  const start = performance.now();
  await service.close();
  assert(performance.now() - start < 3_000);
  assertEquals(problems, []);
});

function open(manager: Manager, env: Readonly<Record<string, string>> = {}): ServiceManager {
  return ServiceManager.open({ NOTIFY_SOCKET: manager.path, ...env }, (problem) => {
    throw new Error(problem);
  });
}

/** Seconds since the start of the kernel, cut to hundredths. */
async function uptime(): Promise<number> {
  return Number((await Deno.readTextFile("/proc/uptime")).split(" ")[0]);
}

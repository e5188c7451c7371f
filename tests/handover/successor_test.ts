import { HANDOVER_VARIABLE, startSuccessor, successorProgram } from "../../lib/handover/successor.ts";
import { assertEquals, assertMatch, assertThrows } from "../harness/assert.ts";

const linuxTest = (name: string, fn: () => Promise<void> | void): void =>
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });

linuxTest("the program that runs now is started again with the arguments of now", () => {
  const { path, args } = successorProgram(undefined, 0);
  assertEquals(path, Deno.execPath());
  assertEquals([args.slice(0, 4), args.slice(5)], [["run", "-q", "-P", "--no-prompt"], [...Deno.args]]);
  assertMatch(args[4] ?? "", /^\//);
});

linuxTest("another executable is given the arguments of now", () => {
  assertEquals(successorProgram("/bin/sh", 0), { path: Deno.realPathSync("/bin/sh"), args: Deno.args });
});

linuxTest("the new process knows where to come, and not which one systemd meant before", async () => {
  const folder = await Deno.makeTempDir();
  const script = `test "$${HANDOVER_VARIABLE}" = /the/door && test -z "$WATCHDOG_PID" && echo yes > ${folder}/told`;
  Deno.env.set("WATCHDOG_PID", "1");
  try {
    const successor = startSuccessor({ path: "/bin/sh", args: ["-c", script] }, "/the/door");
    assertEquals(await successor.ended, "the new process ended with code 0, as its log may say");
    assertEquals(await Deno.readTextFile(`${folder}/told`), "yes\n");
  } finally {
    Deno.env.delete("WATCHDOG_PID");
  }
});

linuxTest("how a new process ended is told in words", async () => {
  const endOf = (script: string): Promise<string> =>
    startSuccessor({ path: "/bin/sh", args: ["-c", script] }, "/the/door").ended;
  assertEquals(await endOf("exit 78"), "the new process refuses its configuration, as its log says");
  assertEquals(await endOf("kill -9 $$"), "the new process was ended by SIGKILL");
});

linuxTest("a new process is ended, and killing one that has ended does nothing", async () => {
  const successor = startSuccessor({ path: "/bin/sleep", args: ["60"] }, "/the/door");
  successor.kill(undefined);
  assertEquals(await successor.ended, "the new process was ended by SIGKILL");
  successor.kill(successor.pid);
});

linuxTest("a program that is not there cannot be started", () => {
  assertThrows(() => startSuccessor({ path: "/no/such/program", args: [] }, "/the/door"), Deno.errors.NotFound);
});

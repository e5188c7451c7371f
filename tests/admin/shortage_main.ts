/** An admin server as a process, for tests that starve it of descriptors: prints its port, and what it logs. */
import { logInto, Subject } from "./subject.ts";

if (import.meta.main) {
  const log = logInto((line) => console.log(line.event));
  await using subject = await Subject.open({ log });
  const { address } = subject.server;
  console.log(address.kind === "tcp" ? address.port : "");
  // Its end is the program's.
  await Array.fromAsync(Deno.stdin.readable);
}

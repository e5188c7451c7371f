import { dialFrom } from "../../lib/transport/bound_dial.ts";
import { dial, isOwnShortage } from "../../lib/transport/dial.ts";
import { assertEquals } from "../harness/assert.ts";
import { limitDescriptors } from "../harness/descriptor_limit.ts";

const NEVER = new AbortController().signal;

/** What dialling `host` fails with in each way there is; `undefined` where it does not. */
async function failures(host: string, port: number): Promise<readonly unknown[]> {
  const failure = (dialled: Promise<{ close(): void }>): Promise<unknown> =>
    dialled.then((conn) => conn.close(), (error) => error);
  return [
    await failure(dial({ kind: "tcp", host, port }, NEVER)),
    await failure(dialFrom("127.1.2.3", { host, port }, NEVER)),
  ];
}

/** Does `work` in a process that has no descriptor left, which is why this test must run by itself. */
async function withoutDescriptors<T>(work: () => Promise<T>): Promise<T> {
  const held: Deno.FsFile[] = [];
  const before = limitDescriptors(Deno.pid, 200);
  try {
    while (true) held.push(Deno.openSync("/dev/null"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
  }
  try {
    return await work();
  } finally {
    for (const file of held) file.close();
    limitDescriptors(Deno.pid, before);
  }
}

/** Deno 2.7 keeps something of each signal that it was given for a dial that failed. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeResources: false });
}

test("a dial that fails for want of a descriptor is known by it, to an address and to a name", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  for (const host of ["127.0.0.1", "localhost"]) {
    assertEquals(await failures(host, port), [undefined, undefined]);
    const found = await withoutDescriptors(async () => (await failures(host, port)).map(isOwnShortage));
    assertEquals(found, [true, true], host);
  }
});

test("a dial that fails for another reason is not taken for one without a descriptor", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const host of ["127.0.0.1", "localhost", "nowhere.invalid"]) {
    const found = await failures(host, port);
    assertEquals(found.map((error) => error instanceof Error), [true, true]);
    assertEquals(found.map(isOwnShortage), [false, false], host);
  }
});

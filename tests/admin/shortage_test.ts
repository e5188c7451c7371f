import { limitDescriptors } from "../harness/descriptor_limit.ts";
import { assertEquals } from "../harness/assert.ts";
import { eventually, tcpEnds } from "../harness/kernel.ts";
import { ask, dial, type RawConn, RawStream } from "./raw_client.ts";

const MAIN = new URL("./shortage_main.ts", import.meta.url).pathname;

async function descriptors(pid: number): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
}

Deno.test("a server that ran out of descriptors answers again as soon as there are some, and keeps its streams", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-read", MAIN],
    // Deno's check for a newer release takes descriptors some time after the start.
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "piped",
  });
  await using program = command.spawn();
  const output = program.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const address = { kind: "tcp", host: "127.0.0.1", port: Number((await output.read()).value) } as const;
  using stream = await RawStream.open(address, "/v1/events");
  await stream.until(() => stream.text.includes("retry:"));
  const before = limitDescriptors(program.pid, await descriptors(program.pid));
  const conns: RawConn[] = await Promise.all(Array.from({ length: 5 }, () => dial(address)));
  const waiting = ask(address, "/healthz");
  assertEquals((await output.read()).value, "accept-failed\n");
  limitDescriptors(program.pid, before);
  assertEquals((await waiting).status, 200);
  for (const conn of conns) conn.close();
  assertEquals((await ask(address, "/v1/announce", { method: "POST", body: '{"text":"x"}' })).status, 200);
  await stream.until(() => stream.ids.length === 1);
  const accepted = (): number =>
    tcpEnds(address.port).filter(({ localPort, remotePort }) => localPort === address.port && remotePort !== 0).length;
  await eventually(() => accepted() === 1, "the end of all but the stream");
  await program.stdin.close();
  assertEquals((await program.status).code, 0);
  await output.cancel();
});

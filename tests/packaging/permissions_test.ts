import { assertEquals } from "../harness/assert.ts";

const ASK = `
  const descriptors = [
    ...["net", "read", "write", "env", "run", "sys", "ffi", "import"].map((name) => ({ name })),
    { name: "sys", kind: "osUptime" },
  ];
  console.log(JSON.stringify(descriptors.map((descriptor) => Deno.permissions.querySync(descriptor).state)));
`;

Deno.test("the program may use the network, files, the environment, other programs, libc and the machine's uptime, and nothing else", async () => {
  const asking = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P", "--no-prompt", "--ext=js", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await new Response(ASK).body?.pipeTo(asking.stdin);
  const [net, read, write, env, run, ...others] = JSON.parse(new TextDecoder().decode((await asking.output()).stdout));
  assertEquals([net, read, write, env, run], Array(5).fill("granted"));
  const [sys, ffi, imports, uptime] = others;
  assertEquals([sys, ffi, imports, uptime], ["prompt", "granted", "denied", "granted"]);
});

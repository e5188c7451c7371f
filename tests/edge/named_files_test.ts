import { assertEquals } from "../harness/assert.ts";
import { minimalToml } from "../config/minimal_toml.ts";
import { runCli } from "../config/run_cli.ts";

/** What `kurafuto check` says of a configuration in `folder`, of which every `DIR` stands for the folder. */
async function check(
  folder: string,
  { listener = "", rest = "" }: { listener?: string; rest?: string },
  ...flags: readonly string[]
): Promise<{ code: number; told: readonly string[] }> {
  const path = `${folder}/kurafuto.toml`;
  await Deno.writeTextFile(path, minimalToml({ listener, rest }).replaceAll("DIR", folder));
  const { code, stderr } = await runCli(["check", "-c", path, ...flags]);
  return { code, told: stderr.replaceAll(folder, "DIR").split("\n").slice(0, -1) };
}

Deno.test("kurafuto check tells every file that run could not use, and makes none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/token`, "0123456789abcdef", { mode: 0o644 });
    await Deno.chmod(`${folder}/token`, 0o644);
    await Deno.writeTextFile(`${folder}/text`, "text");
    const before = Array.from(Deno.readDirSync(folder)).length;
    const rest = [
      '[edge]\ndata_dir = "DIR/text"',
      '[log]\nfile = "DIR"',
      '[events]\nfile = "DIR/none/events"',
      '[admin]\ntoken_file = "DIR/token"',
    ].join("\n");
    const listener = 'tls_cert = "DIR/text"\ntls_key = "DIR/text"';
    const { code, told } = await check(folder, { listener, rest });
    assertEquals([code, told], [78, [
      "kurafuto: Cannot use edge.data_dir 'DIR/text': 'DIR/text' is no directory " +
      "(name a directory that the edge can make and write to)",
      "kurafuto: Cannot use log.file 'DIR': Is a directory (os error 21): open 'DIR'",
      "kurafuto: Cannot use events.file 'DIR/none/events': there is no directory 'DIR/none' (make it)",
      "kurafuto: Cannot use listener.tls_cert 'DIR/text' with tls_key 'DIR/text': " +
      "No certificates found in certificate data",
      "kurafuto: Cannot use admin.token_file 'DIR/token': others than its owner may use it, so do chmod 600: " +
      "current mode is 0644",
    ]]);
    assertEquals(await check(folder, { listener, rest }, "--dump"), { code: 0, told: [] });
    const missing = 'tls_cert = "DIR/none"\ntls_key = "DIR/text"';
    assertEquals((await check(folder, { listener: missing, rest: '[admin]\ntoken_file = "DIR/none"' })).told, [
      "kurafuto: Cannot use listener.tls_cert 'DIR/none': No such file or directory (os error 2): readfile 'DIR/none'",
      "kurafuto: Cannot use admin.token_file 'DIR/none': No such file or directory (os error 2): open 'DIR/none'",
    ]);
    assertEquals(Array.from(Deno.readDirSync(folder)).length, before + 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("kurafuto check lets pass what run would make, and makes none of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const rest = '[edge]\ndata_dir = "DIR/a/b"\n[log]\nfile = "DIR/log"\n[events]\nfile = "DIR/events"';
    assertEquals(await check(folder, { rest }), { code: 0, told: [] });
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["kurafuto.toml"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(
  "kurafuto check tells where nobody may make a file or directory",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const rest = '[edge]\ndata_dir = "/proc/1/data"\n[log]\nfile = "/proc/1/log"';
      assertEquals(await check(folder, { rest }), {
        code: 78,
        told: [
          "kurafuto: Cannot use edge.data_dir '/proc/1/data': '/proc/1' may not be written to " +
          "(name a directory that the edge can make and write to)",
          "kurafuto: Cannot use log.file '/proc/1/log': '/proc/1' may not be written to " +
          "(name a file in another directory)",
        ],
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

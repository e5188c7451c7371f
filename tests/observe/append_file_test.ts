import { AppendFile } from "../../lib/observe/append_file.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

const ROOT = `${import.meta.dirname}/../..`;

/** Runs `test` with the path of a file to be in a folder of its own. */
async function withPath(test: (path: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await test(`${folder}/lines`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("two who add to one file do not overwrite each other", async () => {
  await withPath((path) => {
    const [one, other] = [new AppendFile(path, "log.file"), new AppendFile(path, "log.file")];
    one.write("1\n");
    other.write("2\n3\n");
    one.write("4\n");
    one.close();
    other.close();
    assertEquals(Deno.readTextFileSync(path), "1\n2\n3\n4\n");
    assertThrows(() => one.write("5\n"));
  });
});

Deno.test({
  name: "a line of which only a part could be written is ended before the next",
  // The limit of a file's size stands for a full disk.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await withPath(async (path) => {
      const program = `import { AppendFile } from "./lib/observe/append_file.ts";
        const file = new AppendFile(Deno.env.get("LINES"), "log.file");
        const results = ["first", "x".repeat(2000), "second", "third"].map((line) => {
          try {
            file.write(line + "\\n");
            return "written";
          } catch (error) {
            if (line === "second") Deno.truncateSync(file.path, 100);
            return error.message.includes("File too large") ? "full" : error.message;
          }
        });
        console.log(results.join(" "));`;
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", `ulimit -f 1; trap "" XFSZ; exec "$0" eval "$1"`, Deno.execPath(), program],
        cwd: ROOT,
        env: { LINES: path },
        stderr: "inherit",
      }).output();
      assertEquals(new TextDecoder().decode(stdout), "written full full written\n");
      assertEquals(await Deno.readTextFile(path), `first\n${"x".repeat(94)}\nthird\n`);
    });
  },
});

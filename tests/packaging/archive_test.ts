import manifest from "../../deno.json" with { type: "json" };
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { testWith } from "../harness/installed.ts";

/** What is packed where there is no executable, or where any would do. */
const PROGRAM = `#!/bin/sh\necho kurafuto ${manifest.version}\n`;
const NEEDED = ["LICENSE", "README.md", "deno.json", "kurafuto.example.toml", "kurafuto.schema.json", "packaging"];
/** Everything beside the program. */
const FILES = [
  "LICENSE",
  "README.md",
  "completions/_kurafuto",
  "completions/kurafuto.bash",
  "completions/kurafuto.fish",
  "kurafuto.1",
  "kurafuto.example.toml",
  "kurafuto.schema.json",
  "kurafuto.service",
  "kurafuto.sysusers.conf",
];

testWith("tar")(
  "an archive has the program, which runs, and everything that belongs to it, in one folder",
  async () => {
    await using project = await Project.copy();
    const executable = Deno.env.get("KURAFUTO_EXECUTABLE");
    if (executable === undefined) await project.addProgram("kurafuto");
    else await project.run("ln", "-s", executable, "dist/kurafuto");
    const folder = `kurafuto-${manifest.version}-x86_64-unknown-linux-gnu`;
    assertEquals(await project.archive("x86_64-unknown-linux-gnu"), `dist/${folder}.tar.gz\n`);
    await project.run("tar", "-xzf", `dist/${folder}.tar.gz`);
    assertEquals(await project.files(folder), [...FILES, "kurafuto"].sort());
    assertEquals(await project.run(`${folder}/kurafuto`, "--version"), `kurafuto ${manifest.version}\n`);
  },
);

testWith("zip", "unzip")("an archive for Windows is a zip", async () => {
  await using project = await Project.copy();
  await project.addProgram("kurafuto.exe");
  const folder = `kurafuto-${manifest.version}-aarch64-pc-windows-msvc`;
  assertEquals(await project.archive("aarch64-pc-windows-msvc"), `dist/${folder}.zip\n`);
  await project.run("unzip", "-q", `dist/${folder}.zip`);
  assertEquals(await project.files(folder), [...FILES, "kurafuto.exe"].sort());
});

testWith("tar", "zip")(
  "the same files make the same archives, byte for byte, whenever and by whomever they are packed",
  async () => {
    const sums: string[] = [];
    for (const [umask, date] of [["022", "2001-02-03"], ["077", "2026-05-06"]]) {
      await using project = await Project.copy();
      for (const name of ["kurafuto", "kurafuto.exe"]) await project.addProgram(name);
      await project.run("find", ".", "-exec", "touch", "-d", `${date}`, "{}", "+");
      for (const target of ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"]) await project.archive(target, umask);
      sums.push(await project.run("sh", "-c", "sha256sum dist/kurafuto-*"));
    }
    assertMatch(sums[0] ?? "", /\.tar\.gz\n.*\.zip\n$/);
    assertEquals(sums[0], sums[1]);
  },
);

/** What is packed, in a folder of its own. */
class Project implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Everything but the program. */
  static async copy(): Promise<Project> {
    const project = new Project(await Deno.makeTempDir({ prefix: "kurafuto-test-" }));
    await new Deno.Command("cp", { args: ["-r", ...NEEDED, project.#folder] }).output();
    await Deno.mkdir(`${project.#folder}/dist`);
    return project;
  }

  addProgram(name: string): Promise<void> {
    return Deno.writeTextFile(`${this.#folder}/dist/${name}`, PROGRAM);
  }

  /** Packs, and returns what the script says. */
  archive(target: string, umask = "022"): Promise<string> {
    return this.run("sh", "-c", `umask ${umask}; packaging/archive ${target}`);
  }

  /** Runs a program in the folder and returns its standard output. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const words = ["-c", 'exec "$@"', "sh", program, ...args];
    const { success, stdout, stderr } = await new Deno.Command("sh", { args: words, cwd: this.#folder }).output();
    if (!success) throw new Error(`Cannot run ${program}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }

  /** Every file below `folder`. */
  async files(folder: string): Promise<readonly string[]> {
    return (await this.run("find", folder, "-type", "f", "-printf", "%P\n")).trim().split("\n").sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

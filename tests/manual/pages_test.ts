import manifest from "../../deno.json" with { type: "json" };
import { SHELLS, shownCommands } from "../../lib/command_line/commands.ts";
import { FLAGS } from "../../lib/command_line/flags.ts";
import { completionScript } from "../../lib/manual/completion/script.ts";
import { manPage } from "../../lib/manual/man_page.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { testWith } from "../harness/installed.ts";

const PACKAGING = new URL("../../packaging/", import.meta.url).pathname;
const COMPLETIONS = { bash: "kurafuto.bash", zsh: "_kurafuto", fish: "kurafuto.fish" };

/** Runs a program that is given the man page. */
async function judge(program: string, ...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [...args, `${PACKAGING}kurafuto.1`],
    env: { LC_ALL: "C.UTF-8", MANWIDTH: "200" },
  }).output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("the man page in packaging is the one that the program prints (else: kurafuto man > packaging/kurafuto.1)", async () => {
  assertEquals(await Deno.readTextFile(`${PACKAGING}kurafuto.1`), manPage(manifest.version));
});

for (const shell of SHELLS) {
  const path = `completions/${COMPLETIONS[shell]}`;
  Deno.test(`packaging/${path} is what the program prints (else: kurafuto completion ${shell} > packaging/${path})`, async () => {
    assertEquals(await Deno.readTextFile(PACKAGING + path), completionScript(shell));
  });
}

testWith("man", "groff")("the man page shows every command, flag and text as it was written", async () => {
  const { stdout, stderr } = await judge("man", "--warnings", "-E", "ascii", "-P", "cat", "-l");
  assertEquals(stderr, "");
  // Overstrikes make bold and underlined text.
  const text = stdout.replaceAll(/.[\b]/g, "").replaceAll(/\s+/g, " ");
  for (const { name, summary, details = "" } of shownCommands()) {
    for (const part of [name, summary, details]) assertStringIncludes(text, part.replaceAll(/\s+/g, " "));
  }
  for (const { name, summary } of FLAGS) for (const part of [`--${name}`, summary]) assertStringIncludes(text, part);
});

testWith("mandoc")("the man page has no fault that mandoc knows", async () => {
  const { stdout } = await judge("mandoc", "-T", "lint", "-W", "warning");
  const faults = stdout.split("\n").filter((line) => line !== "" && !line.includes("missing date"));
  assertEquals(faults, []);
});

Deno.test("the man page holds nothing that roff takes for a command of its own", () => {
  for (const line of manPage("1.0.0").split("\n")) {
    assert(/^\.(TH|SH|SS|TP|B|RI|br|nf|fi|nh|ad)( |$)/.test(line) || !/^[.']/.test(line), line);
    assert(/^[\x20-\x7e]*$/.test(line), line);
  }
});

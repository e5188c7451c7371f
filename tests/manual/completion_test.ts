import { type Shell, SHELLS, shownCommands } from "../../lib/command_line/commands.ts";
import { formatAddress } from "../../lib/config/address.ts";
import { Subject } from "../admin/subject.ts";
import { assertEquals } from "../harness/assert.ts";
import { testWith } from "../harness/installed.ts";
import { type Complete, inBash, inFish, inZsh } from "./shells.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const COMPLETE: Readonly<Record<Shell, Complete>> = { bash: inBash, zsh: inZsh, fish: inFish };

const FIRST_WORDS = [...shownCommands().map(({ name }) => name).filter((name) => !name.includes(" ")), "ctl"].sort();

/** What is typed, and what is offered, in alphabetical order. ADMIN is the edge's address. */
const OFFERED: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ["kurafuto ", FIRST_WORDS],
  ["kurafuto re", ["reload"]],
  ["kurafuto ctl m", ["move"]],
  ["kurafuto --config x ctl e", ["enable", "events", "explain"]],
  ["kurafuto completion ", ["bash", "fish", "zsh"]],
  ["kurafuto --v", ["--version"]],
  ["kurafuto ctl drain --m", ["--move"]],
  ["kurafuto ctl players --zz", []],
  ["kurafuto -t --log", ["--log-format", "--log-level"]],
  ["kurafuto run --log-level ", ["debug", "error", "info", "warn"]],
  ["kurafuto run --log-level=d", ["debug"]],
  ["kurafuto -c edge", ["edge.toml", "edge2.toml"]],
  ["kurafuto check --config=edge.", ["edge.toml"]],
  ["kurafuto reload --confirm ", []],
  ["kurafuto ctl announce Hello ", []],
  ["kurafuto --admin ADMIN ctl kick ", ["Dinnerbone", "Notch", "jeb_"]],
  ["kurafuto ctl move --admin=ADMIN Notch ", ["attic", "games", "hub", "lobby"]],
  ["kurafuto ctl drain --admin ADMIN g", ["games"]],
  ["kurafuto ctl explain -c edge.toml N", ["Notch"]],
  ["kurafuto ctl kick -c edge2.toml ", []],
];

for (const shell of SHELLS) {
  testWith(shell)(`completion in ${shell} offers what can stand there, and the names that the edge knows`, async () => {
    await using subject = await Subject.open();
    const admin = formatAddress(subject.server.address);
    const bin = await Deno.makeTempDir();
    const cwd = await Deno.makeTempDir();
    try {
      const program = `exec '${Deno.execPath()}' run --quiet --no-lock --allow-all '${MAIN}' "$@"`;
      await Deno.writeTextFile(`${bin}/kurafuto`, `#!/bin/sh\n${program}\n`, { mode: 0o755 });
      await Deno.writeTextFile(`${cwd}/edge.toml`, `[admin]\nbind = "${admin}"\n`);
      await Deno.writeTextFile(`${cwd}/edge2.toml`, "");
      const lines = OFFERED.map(([line]) => line.replace("ADMIN", admin));
      const offers = await COMPLETE[shell](lines, { bin, cwd });
      assertEquals(offers.map((words, index) => [OFFERED[index]?.[0], words]), OFFERED.map((row) => [...row]));
    } finally {
      await Promise.all([bin, cwd].map((folder) => Deno.remove(folder, { recursive: true })));
    }
  });
}

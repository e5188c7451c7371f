/** The commands that ask a running edge, as operators use them: the real program asks the real program, over a socket file. */
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { DENO_FLAGS, network, Program, programCommand } from "../harness/program.ts";
import { ObservedServer } from "./observed_server.ts";

/** Runs a command line until it ends by itself. */
async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await programCommand(args).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

Deno.test("an operator sees and steers a running edge with nothing but its configuration file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await using hub = await ObservedServer.start({ name: "hub", extensions: CLASSICUBE });
    await using arena = await ObservedServer.start({ name: "arena", extensions: CLASSICUBE });
    const servers = [{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }];
    const admin = ["[admin]", `bind = "unix:${folder}/admin.sock"`];
    await using program = await Program.start({ config: [network(servers), ...admin].join("\n") });
    const ask = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(...args, "-c", program.path);
      assertEquals([code, stderr], [0, ""], args.join(" "));
      return stdout;
    };
    await using steve = await Bot.connect(program.target(), { name: "Steve", extensions: CLASSICUBE });
    await steve.joined();

    assertEquals(await ask("health", "--ready"), "ready\n");
    assertMatch(await ask("ctl", "players"), /^Steve +hub +playing /m);
    assertMatch(await ask("ctl", "backends"), /^arena +up /m);
    assertEquals(await ask("complete", "destinations"), "hub\narena\nall\n");

    const events = programCommand(["ctl", "events", "--since", "0", "--json", "-c", program.path]).spawn();
    const lines = linesOf(events.stdout);
    const nextEvent = async (): Promise<string> => JSON.parse((await lines.next()).value ?? "{}").event;
    assertEquals(await nextEvent(), "edge");

    await ask("ctl", "move", "steve", "arena");
    await arena.joined("Steve");
    await hub.left("Steve");
    await ask("ctl", "announce", "Back", "in", "5", "minutes");
    await steve.chatLine(/Back in 5 minutes/);
    assertMatch(await ask("ctl", "explain", "Steve"), /^ *[0-9.]+ s +moved +.+"arena"/m);
    const seen = [await nextEvent()];
    while (seen.at(-1) !== "announce") seen.push(await nextEvent());
    assert(seen.includes("join") && seen.includes("move"), seen.join());
    events.kill("SIGINT");
    await Promise.all([lines.return(undefined), events.stderr.cancel(), events.status]);

    assertEquals(await ask("plan"), "a reload would change nothing\n");
    await program.rewrite({ config: [network(servers), ...admin, "[health]", "rise = 7"].join("\n") });
    assertStringIncludes(await ask("plan"), "rise");
    assertStringIncludes(await ask("reload", "--confirm", "60s"), "unless you run: kurafuto confirm");
    await ask("rollback");
    assertStringIncludes(await ask("plan"), "rise");
    await program.rewrite({ config: "[[listner]]\n[admin]\n" + admin[1] });
    const broken = await run("plan", "-c", program.path);
    assertEquals([broken.code, broken.stdout], [78, ""]);
    assertStringIncludes(broken.stderr, "listner");
    assertEquals((await run("reload", "-c", program.path)).code, 78);

    const unknown = await run("ctl", "kick", "Stev", "-c", program.path);
    assertEquals([unknown.code, unknown.stderr.includes('(did you mean "Steve"?)')], [1, true]);
    await ask("ctl", "kick", "Steve", "no", "reason");
    assertStringIncludes(await steve.kicked(), "no reason");
    await ask("drain");
    await program.until(() => program.lines("stopped").length > 0, "the end");
    const gone = await run("health", "-c", program.path);
    assertEquals([gone.code, gone.stdout], [1, ""]);
    assertStringIncludes(gone.stderr, "(is it running?)");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "what cannot be printed as the disk is full is told in one line",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const executable = Deno.env.get("KURAFUTO_EXECUTABLE");
    const words = executable === undefined ? [Deno.execPath(), ...DENO_FLAGS] : [executable];
    const args = ["-c", 'exec "$@" > /dev/full', "sh", ...words, "schema"];
    const { code, stderr } = await new Deno.Command("sh", { args, stdout: "null", stderr: "piped" }).output();
    assertEquals(code, 1);
    assertMatch(new TextDecoder().decode(stderr), /^kurafuto: Cannot write to standard output: No space left .+\n$/);
  },
});

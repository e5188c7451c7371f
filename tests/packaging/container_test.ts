import { ClassicServer } from "../../lib/demo/server.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { areLeftOut } from "../harness/installed.ts";
import { network } from "../harness/program.ts";
import { ScriptedList } from "../heartbeat/scripted_list.ts";
import { Container, Rootfs } from "./container.ts";
import { makeImpostor } from "./impostor.ts";
import { NameServer } from "./name_server.ts";

const executable = Deno.env.get("KURAFUTO_EXECUTABLE");
/** A container is made of the executable alone. */
const ignore = executable === undefined || Deno.build.os !== "linux" ||
  areLeftOut("unshare", "nsenter", "setpriv", "ip");

Deno.test({ name: "the image", ignore, fn: image });

async function image(t: Deno.TestContext): Promise<void> {
  await using rootfs = await Rootfs.make(executable ?? "");
  const shipped = await rootfs.files();

  await t.step("has the executable, the libraries it is linked to, and nothing that can be run beside it", () => {
    const names = shipped.map((file) => file.split(" ")[0] ?? "").filter((name) => !name.endsWith("/copyright"));
    const others = names.filter((name) => !/^\/lib(64)?\/.*\/?(ld-linux-|lib)[a-z0-9_-]+\.so\.\d$/.test(name));
    assertEquals(others, ["/etc/nsswitch.conf", "/kurafuto"]);
    assertEquals(names.length - others.length <= 8, true);
  });

  await t.step("says its version, and checks a configuration", async () => {
    await using version = await Container.start(rootfs, { args: ["--version"] });
    assertEquals([await version.ended(), version.said.length], [0, 1]);
    const example = await Deno.readTextFile("kurafuto.example.toml");
    await using check = await Container.start(rootfs, { args: ["check"], config: example });
    assertEquals([await check.ended(), check.said.at(-1)?.split(": ")[1]], [0, "ok (1 listener, 1 backend, 1 pool)"]);
    await using nothing = await Container.start(rootfs);
    assertEquals(await nothing.ended(), 78);
    assertStringIncludes(nothing.said.join("\n"), "/etc/kurafuto/kurafuto.toml");
  });

  await t.step("runs the demo, and a bot plays in it", async () => {
    await using demo = await Container.start(rootfs, { args: ["demo"], network: "own" });
    const visitor = ["run", "--quiet", "--allow-all", "tests/packaging/visitor.ts"];
    assertEquals(await demo.inNetwork(Deno.execPath(), ...visitor), "joined, played, moved and played\n");
    await demo.signal(rootfs.image.stopSignal);
    assertEquals(await demo.ended(), 0);
  });

  await t.step("runs as process 1 of a user without privileges, on a file system that cannot be written", async () => {
    await using server = await ClassicServer.start();
    await using container = await Container.start(rootfs, { config: config(server, '[edge]\ndrain_timeout = "1s"') });
    await using bot = await Bot.connect({ hostname: "127.0.0.1", port: await container.port("main") });
    await bot.joined();
    const status = await container.status();
    const [uid = ""] = rootfs.image.user.split(":");
    assertMatch(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, "m"));
    assertMatch(status, /^CapEff:\s+0+$/m);
    assertMatch(status, /^NoNewPrivs:\s+1$/m);
    const mounts = await Deno.readTextFile(`/proc/${await container.pid()}/mountinfo`);
    assertMatch(mounts, /^\d+ \d+ \S+ \S+ \/ ro,/m);
    assertMatch(mounts, /^\d+ \d+ \S+ \S+ \/data rw,/m);
    // As process 1 nothing happens by itself at a signal.
    await container.signal(rootfs.image.stopSignal);
    assertMatch(await bot.kicked(), /^The network is going down/);
    assertEquals(await container.ended(), 0);
    assertEquals(bot.violations, []);
    assertEquals(await container.data(), ["recent.sqlite"]);
  });

  await t.step("ends at once at a second TERM", async () => {
    await using server = await ClassicServer.start();
    await using container = await Container.start(rootfs, { config: config(server) });
    await using deaf = await Bot.connect({ hostname: "127.0.0.1", port: await container.port("main") });
    await deaf.joined();
    deaf.pauseReading();
    await container.signal("SIGTERM");
    await container.until(
      () => container.said.some((line) => line.includes(" stopping ")),
      "the first signal's effect",
    );
    const start = performance.now();
    await container.signal("SIGTERM");
    assertEquals(await container.ended(), 130);
    assert(performance.now() - start < 10_000);
  });

  await t.step("asks name servers and /etc/hosts", async () => {
    await using server = await ClassicServer.start();
    await using named = new ScriptedList();
    await using hosted = new ScriptedList();
    using resolver = NameServer.start({ "list.test": "127.0.0.1" });
    await using container = await Container.start(rootfs, {
      config: config(server, listed(named.url("list.test")), listed(hosted.url("hosted.test"))),
      hosts: "127.0.0.1 localhost\n127.0.0.1 hosted.test\n",
      resolver: `nameserver ${resolver.address}\n`,
    });
    await container.port("main");
    await named.until(() => named.requests.length > 0, "a beat for the list in the DNS");
    await hosted.until(() => hosted.requests.length > 0, "a beat for the list in /etc/hosts");
  });

  await t.step("knows the authorities of the web, and trusts no others", async () => {
    await using server = await ClassicServer.start();
    await using strange = new ScriptedList({ tls: true });
    // Who does not know the authority cannot see that the signature is not its own.
    using impostor = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...await makeImpostor() });
    const turnedDown = assertRejects(async () => await (await impostor.accept()).handshake());
    const impostorUrl = `https://localhost:${impostor.addr.port}/`;
    await using container = await Container.start(rootfs, {
      config: config(server, listed(strange.url()), listed(impostorUrl)),
    });
    const saysOf = (port: number, why: string): Promise<unknown> => {
      const is = (line: string): boolean => line.includes(`list=localhost:${port} `) && line.includes(why);
      return container.until(() => container.said.some(is), `${why} of port ${port}`);
    };
    await saysOf(strange.port, "invalid peer certificate: UnknownIssuer");
    await saysOf(impostor.addr.port, "invalid peer certificate: BadSignature");
    await turnedDown;
    assertEquals(strange.requests, []);
  });

  await t.step("tells the engine that it is well, by the image's own health check", async () => {
    await using server = await ClassicServer.start();
    await using container = await Container.start(rootfs, { config: config(server, "[admin]"), network: "own" });
    await container.port("main");
    const { code, stderr } = await container.run(rootfs.image.healthcheck);
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    await using deaf = await Container.start(rootfs, { config: config(server), network: "own" });
    await deaf.port("main");
    assert((await deaf.run(rootfs.image.healthcheck)).code > 0);
  });

  await t.step("was written to by none of them", async () => {
    const empty = ["/etc/hosts 0", "/etc/resolv.conf 0"];
    assertEquals(await rootfs.files(), [...shipped, ...empty].sort());
  });
}

/** One listener and a raw one on any port in front of `server`, and more sections. */
function config(server: ClassicServer, ...sections: readonly string[]): string {
  return [...sections, network([{ name: "hub", address: server.address }])].join("\n");
}

function listed(url: string): string {
  return `[[heartbeat]]\nlistener = "main"\nurl = "${url}"`;
}

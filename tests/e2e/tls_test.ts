/** Players who come through TLS, beside others who do not, on the same ports. */
import { createHash, X509Certificate } from "node:crypto";
import * as presets from "../../lib/demo/presets.ts";
import { ExitCode } from "../../lib/process/exit_code.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../harness/assert.ts";
import { type Certificate, makeCertificate } from "../harness/certificate.ts";
import { CHROMIUM, Chromium } from "../harness/chromium.ts";
import { eventually } from "../harness/kernel.ts";
import { network, Program, programCommand } from "../harness/program.ts";
import { WebSocketStream } from "../harness/websocket_stream.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { depart, visit } from "./visit.ts";
import { WebPlayer, WebSite } from "./web_player.ts";
import { testWith } from "../harness/installed.ts";

const test = testWith("openssl", CHROMIUM);

const CPE = { extensions: presets.CLASSICUBE };
const PROXY_HEADER = "PROXY TCP4 192.0.2.7 192.0.2.1 40000 25565\r\n";

/** A program in front of one server, whose listener `main` has a certificate. */
class Stage implements AsyncDisposable {
  readonly certificate: Certificate;
  readonly hub: ObservedServer;
  readonly program: Program;

  private constructor(certificate: Certificate, hub: ObservedServer, program: Program) {
    this.certificate = certificate;
    this.hub = hub;
    this.program = program;
  }

  /** @param lines Further lines of the listener. */
  static async start(...lines: readonly string[]): Promise<Stage> {
    const certificate = await makeCertificate();
    const hub = await ObservedServer.start(presets.mcgalaxy());
    const listener = [...tlsLines(certificate.certPath, certificate.keyPath), ...lines];
    const backends = [{ name: "hub", address: hub.address }];
    // A check that just runs would count among the descriptors.
    const config = [network(backends, { listener }), "[health]", 'interval = "1h"'];
    const program = await Program.start({ config: config.join("\n") });
    return new Stage(certificate, hub, program);
  }

  /** Classic over TLS. */
  connectTls(): Promise<Deno.TlsConn> {
    return Deno.connectTls({ ...this.program.target(), caCerts: [this.certificate.authority] });
  }

  connectWebSocket(scheme: "ws" | "wss"): Promise<WebSocketStream> {
    return WebSocketStream.connect(this.address(scheme), { ca: this.certificate.authority });
  }

  address(scheme: "ws" | "wss"): string {
    const { hostname, port } = this.program.target();
    return `${scheme}://${hostname}:${port}/`;
  }

  /** Waits for the end of a player's session, and says what it was. */
  async ended(name: string): Promise<string> {
    const { program } = this;
    const line = await program.until(() => program.endings.find(({ player }) => player === name), `the end of ${name}`);
    return `${line.code} ${line.reason} ${line.ip}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
    await this.certificate[Symbol.asyncDispose]();
  }
}

function tlsLines(certPath: string, keyPath: string): readonly string[] {
  return [`tls_cert = "${certPath}"`, `tls_key = "${keyPath}"`];
}

for (const mode of ["parse", "raw"] as const) {
  test(`${mode}: Classic and WebSockets, with TLS and without, play on one port`, async (t) => {
    await using stage = await Stage.start(`mode = "${mode}"`);
    const { hub, program } = stage;
    await using fellow = await Player.join(program.target(), hub, { name: "fellow", ...CPE });
    const ways: readonly (readonly [string, () => Promise<Deno.Conn>])[] = [
      ["tls", () => stage.connectTls()],
      ["wss", () => stage.connectWebSocket("wss")],
      ["tcp", () => Deno.connect(program.target())],
      ["ws", () => stage.connectWebSocket("ws")],
    ];
    const descriptors = await program.settledDescriptors();
    for (const [name, connect] of ways) {
      await t.step(name, async () => {
        await using visitor = await Player.over(await connect(), hub, { name, ...CPE });
        await visit(visitor, [fellow]);
        await depart(visitor, [fellow]);
        assertEquals(await stage.ended(name), "CP client-left 127.0.0.1");
      });
    }
    await eventually(async () => await program.descriptors() === descriptors, "no descriptor left");
  });
}

test("a page in a browser plays through wss", async () => {
  await using stage = await Stage.start();
  const { hub, program } = stage;
  await using browser = await Chromium.start(`--ignore-certificate-errors-spki-list=${keyHash(stage.certificate)}`);
  await using site = new WebSite();
  await using bot = await Player.join(program.target(), hub, { name: "bot", ...CPE });
  const web = await WebPlayer.join(browser, site, stage.address("wss"), "web");
  await web.assertMap(hub.world);
  await Promise.all([web.seesPlayer("bot"), bot.seesPlayer("web")]);
  await web.say("hello from a page");
  await bot.seesLine("&fweb&7: &fhello from a page");
  await web.leave();
  assertEquals(await stage.ended("web"), "CP client-left 127.0.0.1");
  await bot.leave();
});

/** By what Chromium knows a certificate that no authority of its own vouches for. */
function keyHash({ certPath }: Certificate): string {
  const key = new X509Certificate(Deno.readTextFileSync(certPath)).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

for (const [name, connect] of [["tls", "connectTls"], ["wss", "connectWebSocket"]] as const) {
  test(`a kick through ${name} is read before the close`, async () => {
    await using stage = await Stage.start();
    const conn = connect === "connectTls" ? await stage.connectTls() : await stage.connectWebSocket("wss");
    await using player = await Player.over(conn, stage.hub, { name, ...CPE });
    stage.hub.server.kick(name, "&cEnough");
    assertEquals(await player.bot.kicked(), "&cEnough");
    await player.bot.closed();
    assertEquals(player.bot.violations, []);
    if (conn instanceof WebSocketStream) assertEquals((await conn.closed).code, 1000);
  });
}

test("a broken rule of WebSockets is told through TLS, too", async () => {
  await using stage = await Stage.start();
  const stream = await stage.connectWebSocket("wss");
  await using _player = await Player.over(stream, stage.hub, { name: "wss" });
  stream.socket.send(new Uint8Array(300_000));
  assertEquals((await stream.closed).code, 1009);
  assertEquals(await stage.ended("wss"), "CP client-reset 127.0.0.1");
});

test("a PROXY header in front of TLS tells the address, where it comes from a listed network", async () => {
  await using stage = await Stage.start('proxy_protocol_from = ["127.0.0.0/8"]');
  const { hub, program, certificate } = stage;
  const tcp = await Deno.connect(program.target());
  await tcp.write(new TextEncoder().encode(PROXY_HEADER));
  const tls = await Deno.startTls(tcp, { hostname: "localhost", caCerts: [certificate.authority] });
  await using player = await Player.over(tls, hub, { name: "proxied" });
  await player.leave();
  assertEquals(await stage.ended("proxied"), "CP client-left 192.0.2.7");
});

test("whoever does not manage TLS is turned away, and nobody else is harmed", async () => {
  await using stage = await Stage.start();
  const { hub, program } = stage;
  await using fellow = await Player.join(program.target(), hub, { name: "fellow" });
  const descriptors = await program.settledDescriptors();
  // An authority that this client does not know.
  await assertRejects(() => WebSocketStream.connect(stage.address("wss")));
  const garbage = await Deno.connect(program.target());
  await garbage.write(Uint8Array.of(0x16, 3, 1, 0, 4, 1, 2, 3, 4));
  // The alert, then the end.
  await eventually(async () => await garbage.read(new Uint8Array(64)).catch(() => null) === null, "the end");
  garbage.close();
  await program.ended(2);
  assertEquals(program.endings.map(({ reason }) => reason), ["bad-tls", "bad-tls"]);
  await eventually(async () => await program.descriptors() === descriptors, "no descriptor left");
  await fellow.bot.chat("still here");
  await hub.heard("fellow", ["still here"]);
});

test("a listener without a certificate turns TLS away", async () => {
  await using certificate = await makeCertificate();
  await using hub = await ObservedServer.start();
  await using program = await Program.start({ config: network([{ name: "hub", address: hub.address }]) });
  const options = { ...program.target(), caCerts: [certificate.authority] };
  await assertRejects(() => Deno.connectTls(options).then((conn) => conn.handshake()));
  assertEquals((await program.ended(1)).reason, "not-classic");
});

test("a certificate that cannot be had is told at the start, with the file's name", async () => {
  await using certificate = await makeCertificate();
  await using other = await makeCertificate();
  const { certPath, keyPath } = certificate;
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const text = `${folder}/text.pem`;
  await Deno.writeTextFile(text, "this is no certificate\n");
  for (
    const [cert, key, named] of [
      ["/nonexistent/cert.pem", keyPath, "Cannot use listener.tls_cert '/nonexistent/cert.pem': "],
      [certPath, "/nonexistent/key.pem", "Cannot use listener.tls_key '/nonexistent/key.pem': "],
      [text, keyPath, `Cannot use listener.tls_cert '${text}' with tls_key '${keyPath}': `],
      [certPath, text, `Cannot use listener.tls_cert '${certPath}' with tls_key '${text}': `],
      [certPath, other.keyPath, `Cannot use listener.tls_cert '${certPath}' with tls_key '${other.keyPath}': `],
    ] as const
  ) {
    const listener = tlsLines(cert, key);
    const config = network([{ name: "hub", address: "127.0.0.1:1" }], { listener });
    await Deno.writeTextFile(`${folder}/kurafuto.toml`, `[edge]\ndata_dir = "${folder}/data"\n${config}`);
    const { code, stderr } = await programCommand(["run", "-c", `${folder}/kurafuto.toml`]).output();
    assertStringIncludes(new TextDecoder().decode(stderr), named);
    assertEquals(code, ExitCode.Config);
  }
  await Deno.remove(folder, { recursive: true });
});

import { DENO_SOCKETS } from "../../lib/transport/deno_sockets.ts";
import { checkBackend, type CheckFindings } from "../../lib/backends/check.ts";
import * as presets from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import type { BackendTarget } from "../../lib/transport/backend_dial.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { eventually, tcpEnds } from "../harness/kernel.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { type Script, ScriptedBackend } from "../harness/scripted_backend.ts";
import { cpeDialect, plainDialect } from "../protocol/dialects.ts";

const HELLO = { name: "Health", key: "" };
/** Never aborted: such a check has to end by itself. */
const PATIENCE = new AbortController().signal;
const CPE = cpeDialect(ExtensionSet.EMPTY);
const WELCOME = encodePacket("ServerIdentification", CPE, { protocol: 7, serverName: "Hub", motd: "", userType: 0 });

const unix = (path: string): BackendTarget => ({ address: { kind: "unix", path }, forwardIp: "off" });
const at = (port: number): BackendTarget => ({ address: { kind: "tcp", host: "127.0.0.1", port }, forwardIp: "off" });

/** Waits until the check has left no connection with `port`, whose listener may still be there. */
async function nothingLeft(port: number): Promise<void> {
  await eventually(() => tcpEnds(port).every(({ remotePort }) => remotePort === 0), "no connection left");
}

/** What a check finds that tells nothing beyond it. */
function summary(findings: CheckFindings): unknown {
  return findings.ok ? { ok: true, offer: findings.offer?.key, note: findings.note } : findings;
}

function failed(cause: string): CheckFindings {
  return { ok: false, cause, ownShortage: false };
}

function listed(offer: ExtensionSet): unknown {
  return { ok: true, offer: offer.key, note: undefined };
}

/** Runs `script` for a check's connection. Returns what the check found, once nothing is left of it. */
async function checkScripted(script: Script): Promise<CheckFindings> {
  await using backend = ScriptedBackend.listen(script);
  const { target } = backend;
  assert("port" in target);
  const findings = await checkBackend(DENO_SOCKETS, at(target.port), HELLO, PATIENCE);
  await backend.stopListening();
  await nothingLeft(target.port);
  return findings;
}

const KINDS = [
  { name: "mcgalaxy", options: presets.mcgalaxy(), offer: presets.MCGALAXY },
  { name: "cserver", options: presets.cserver(), offer: presets.CSERVER },
  { name: "mcchost", options: presets.mcchost(), offer: presets.MCCHOST },
  { name: "classicborne", options: presets.classicborne(), offer: presets.CLASSICBORNE },
];

for (const { name, options, offer } of KINDS) {
  Deno.test(`a check learns what a server like ${name} offers, and nobody joins`, async () => {
    const joined: string[] = [];
    await using server = await ClassicServer.start({
      ...options,
      onEvent: (event) => event.kind === "joined" && joined.push(event.player),
    });
    for (let round = 1; round <= 2; round++) {
      assertEquals(summary(await checkBackend(DENO_SOCKETS, at(server.port), HELLO, PATIENCE)), listed(offer));
      await eventually(() => server.connections.open === 0, "the server's end closed");
      await nothingLeft(server.port);
      assertEquals(server.connections.accepted, round);
    }
    assertEquals([server.players, joined], [[], []]);
  });
}

Deno.test("a check of a server from before CPE learns that it offers nothing, and leaves nobody there", async () => {
  await using server = await ClassicServer.start(presets.vanilla());
  assertEquals(summary(await checkBackend(DENO_SOCKETS, at(server.port), HELLO, PATIENCE)), listed(ExtensionSet.EMPTY));
  await eventually(() => server.connections.open === 0, "the server's end closed");
  await nothingLeft(server.port);
  assertEquals(server.players, []);
});

Deno.test("a check without a name says nothing", async () => {
  await using backend = ScriptedBackend.listen(async (peer) => {
    await peer.closed;
  });
  const { target } = backend;
  assert("port" in target);
  assertEquals(await checkBackend(DENO_SOCKETS, at(target.port), undefined, PATIENCE), { ok: true });
  const peer = await backend.peer(0);
  assertEquals(await peer.closed, "finished");
  assertEquals(peer.received, new Uint8Array());
});

Deno.test("a check works over a Unix socket", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    const path = `${folder}/server.sock`;
    await using _server = await ClassicServer.start({ ...presets.mcgalaxy(), path });
    assertEquals(summary(await checkBackend(DENO_SOCKETS, unix(path), HELLO, PATIENCE)), listed(presets.MCGALAXY));
    const absent = await checkBackend(DENO_SOCKETS, unix(`${path}.not`), HELLO, PATIENCE);
    assertEquals(absent.ok, false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server that turns the check away is there, and its words are kept", async () => {
  await using server = await ClassicServer.start({ onLogin: { kick: "Whitelisted players only" } });
  assertEquals(await checkBackend(DENO_SOCKETS, at(server.port), HELLO, PATIENCE), {
    ok: true,
    note: "Whitelisted players only",
  });
  await nothingLeft(server.port);
});

Deno.test("a server that kicks whoever connects, without a look at who it is, is there", async () => {
  const kick = encodePacket("DisconnectPlayer", plainDialect(7), { reason: "Server is full!" });
  assertEquals(await checkScripted((peer) => peer.write(kick)), { ok: true, note: "Server is full!" });
});

Deno.test("a server that says no more after its Identification offers nothing", async () => {
  const findings = await checkScripted(async (peer) => {
    await peer.write(WELCOME);
    await peer.closed;
  });
  assertEquals(summary(findings), listed(ExtensionSet.EMPTY));
});

Deno.test("a list in many small pieces is learned whole", async () => {
  const offer = ExtensionSet.of("HeldBlock", "FastMap");
  const bytes = [
    encodePacket("ExtInfo", CPE, { appName: "Slow 1.0", count: 2 }),
    encodePacket("ExtEntry", CPE, { extension: "HeldBlock", version: 1 }),
    encodePacket("ExtEntry", CPE, { extension: "FastMap", version: 1 }),
  ];
  const findings = await checkScripted(async (peer) => {
    await peer.skipTo("PlayerIdentification", plainDialect(7));
    for (const packet of bytes) for (const byte of packet) await peer.write(Uint8Array.of(byte));
    await peer.closed;
  });
  assertEquals(summary(findings), listed(offer));
});

Deno.test("a server that closes the connection without a word fails the check", async () => {
  await using server = await ClassicServer.start({ onLogin: "close" });
  assertEquals(await checkBackend(DENO_SOCKETS, at(server.port), HELLO, PATIENCE), failed("closed the connection"));
  await nothingLeft(server.port);
});

Deno.test("a server that resets the connection fails the check", async () => {
  const findings = await checkScripted(async (peer) => {
    await peer.read(131);
    peer.reset();
  });
  assert(!findings.ok);
  assertMatch(findings.cause, /reset/i);
});

Deno.test("a server that sends what is no packet fails the check", async () => {
  await using server = await ClassicServer.start({ onLogin: "garbage" });
  const cause = `sent unknown packet 238: ${"ee ".repeat(8)}…`;
  assertEquals(await checkBackend(DENO_SOCKETS, at(server.port), HELLO, PATIENCE), failed(cause));
  await nothingLeft(server.port);
});

Deno.test("a port that refuses fails the check", async () => {
  const port = quietPort();
  for (const name of [HELLO, undefined]) {
    const findings = await checkBackend(DENO_SOCKETS, at(port), name, PATIENCE);
    assert(!findings.ok);
    assertMatch(findings.cause, /refused/i);
  }
});

Deno.test("a silent server fails the check at the deadline, and at once", async () => {
  await using server = await ClassicServer.start({ onLogin: "silent" });
  const deadline = new AbortController();
  const checking = checkBackend(DENO_SOCKETS, at(server.port), HELLO, deadline.signal);
  await eventually(() => server.connections.open === 1, "the check's connection");
  deadline.abort();
  assertEquals(await checking, failed("no answer in time"));
  await nothingLeft(server.port);
});

Deno.test("the deadline ends a check of a server that chats for ever", async () => {
  const chat = encodePacket("Message", plainDialect(7), { type: 0, message: "hello" });
  await using backend = ScriptedBackend.listen(async (peer) => {
    while (peer.isOpen) await peer.write(chat);
  });
  const { target } = backend;
  assert("port" in target);
  const deadline = new AbortController();
  const checking = checkBackend(DENO_SOCKETS, at(target.port), HELLO, deadline.signal);
  await backend.peer(0);
  deadline.abort();
  assertEquals(await checking, failed("no answer in time"));
});

Deno.test("a check whose deadline is over before it starts fails", async () => {
  await using server = await ClassicServer.start();
  for (const name of [HELLO, undefined]) {
    const findings = await checkBackend(DENO_SOCKETS, at(server.port), name, AbortSignal.abort());
    assertEquals(findings, failed("no answer in time"));
  }
  await nothingLeft(server.port);
});

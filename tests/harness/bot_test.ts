import { assert, assertEquals, assertRejects } from "./assert.ts";
import { Bot } from "./bot.ts";
import { type Login, serveLogin } from "./login_script.ts";
import { CAN_RESET } from "./reset.ts";
import { type Peer, ScriptedBackend } from "./scripted_backend.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Dialect } from "../../lib/protocol/packet_table.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";

const CORE: Dialect = { protocol: 7, cpe: true, extensions: ExtensionSet.EMPTY };

/** What a scripted server does behind the login. */
type Act = (peer: Peer, login: Login) => Promise<unknown>;

/** A backend that welcomes, acts, and stays unless it closed. */
function acting(act: Act): ScriptedBackend {
  return ScriptedBackend.listen(async (peer) => {
    await act(peer, await serveLogin(peer));
    await peer.closed;
  });
}

function chat(dialect: Dialect, message: string): Uint8Array {
  return encodePacket("Message", dialect, { type: 0, message });
}

Deno.test("Bot rejects every wait after a violation, also for what is there already", async () => {
  await using server = acting((peer) => peer.write(Uint8Array.of(0xf0)));
  await using bot = await Bot.connect(server.target);
  const waits = [bot.joined(), bot.kicked(), bot.closed(), bot.until(() => false, "x")].map((wait) =>
    assertRejects(() => wait, Error, "violation: packet 0xf0")
  );
  await Promise.all(waits);
  await assertRejects(
    () => bot.until(() => true, "the obvious"),
    Error,
    "Cannot see the obvious: violation: packet 0xf0",
  );
});

Deno.test("Bot.kicked() returns the reason of a kick", async () => {
  await using server = acting((peer) => peer.write(encodePacket("DisconnectPlayer", CORE, { reason: "&cBanned" })));
  await using bot = await Bot.connect(server.target);
  assertEquals(await bot.kicked(), "&cBanned");
});

Deno.test("Bot.kicked() rejects where the connection ends without a kick", async () => {
  await using server = acting((peer) => peer.finish());
  await using bot = await Bot.connect(server.target);
  await assertRejects(() => bot.kicked(), Error, "Cannot see a kick: the connection is over (finished)");
});

Deno.test("Bot.until() says what was awaited and what was seen last", async () => {
  await using server = acting((peer) => peer.write(chat(CORE, "hello")));
  await using bot = await Bot.connect(server.target, { name: "Alex" });
  await bot.chatLine(/hello/);
  await assertRejects(
    () => bot.until(() => false, "a miracle", { timeoutMs: 5 }),
    Error,
    'Cannot see a miracle: not within 5 ms; bot Alex saw last: ServerIdentification, Message "hello"',
  );
});

Deno.test("Bot.chatLine() finds lines that came before, and skips those it is told to", async () => {
  await using server = acting(async (peer) => {
    await peer.write(chat(CORE, "tick 1"));
    await peer.read(66);
    await peer.write(chat(CORE, "tick 2"));
  });
  await using bot = await Bot.connect(server.target);
  assertEquals([await bot.chatLine(/tick/), await bot.chatLine(/tick/)], ["tick 1", "tick 1"]);
  const next = bot.chatLine(/tick/, { since: bot.state.screen.chat.length });
  await bot.chat("go on");
  assertEquals(await next, "tick 2");
});

Deno.test("Bot.halfClose() ends what it sends and goes on reading", async () => {
  await using server = acting(async (peer) => {
    assertEquals(await peer.closed, "finished");
    await peer.write(chat(CORE, "still here"));
  });
  await using bot = await Bot.connect(server.target);
  await bot.until(() => bot.state.player.identifications === 1, "the welcome");
  await bot.halfClose();
  await bot.chatLine(/still here/);
});

Deno.test({
  name: "Bot.reset() breaks the connection",
  ignore: !CAN_RESET,
  async fn(): Promise<void> {
    await using server = acting(() => Promise.resolve());
    await using bot = await Bot.connect(server.target);
    await bot.until(() => bot.state.player.identifications === 1, "the welcome");
    const peer = await server.peer(0);
    bot.reset();
    assertEquals(await peer.closed, "broken");
  },
});

Deno.test("Bot.close() ends the connection for both sides", async () => {
  await using server = acting(() => Promise.resolve());
  await using bot = await Bot.connect(server.target);
  await bot.until(() => bot.state.player.identifications === 1, "the welcome");
  bot.close();
  await bot.closed();
  await server.until(() => server.open === 0, "the end of the connection");
  assertEquals(bot.violations, []);
});

Deno.test("Bot.pauseReading() leaves what comes to the system until reading goes on", async () => {
  const flood = 16 * 1024 * 1024;
  await using server = acting(async (peer, { dialect }) => {
    await peer.readPacket("PlayerMessage", dialect);
    const line = chat(dialect, "flood");
    const block = new Uint8Array(line.length * 1000);
    for (let at = 0; at < block.length; at += line.length) block.set(line, at);
    for (let sent = 0; sent < flood; sent += block.length) await peer.write(block);
    await peer.write(chat(dialect, "last"));
  });
  await using bot = await Bot.connect(server.target, { timeoutMs: 20_000 });
  await bot.until(() => bot.state.player.identifications === 1, "the welcome");
  bot.pauseReading();
  await bot.chat("go");
  await assertRejects(() => bot.chatLine(/last/, { timeoutMs: 100 }), Error, "not within");
  assert(bot.state.screen.chat.length * 66 < flood / 2);
  bot.close();
});

Deno.test("Bot.send() sends bytes as they are", async () => {
  await using server = acting(async (peer) => {
    assertEquals([...await peer.read(3)], [0xde, 0xad, 1]);
    await peer.write(chat(CORE, "done"));
  });
  await using bot = await Bot.connect(server.target);
  await bot.send(Uint8Array.of(0xde, 0xad, 1));
  await bot.chatLine(/done/);
});

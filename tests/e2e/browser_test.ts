/** Players in a real browser, beside others who are not, on the same ports. */
import * as presets from "../../lib/demo/presets.ts";
import { assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { CHROMIUM, Chromium } from "../harness/chromium.ts";
import { network, Program } from "../harness/program.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { WebPlayer, WebSite } from "./web_player.ts";
import { testWith } from "../harness/installed.ts";

const test = testWith(CHROMIUM);

const CPE = { extensions: presets.CLASSICUBE };

test("a page in a browser plays among those of raw TCP on one port", async (t) => {
  await using browser = await Chromium.start();
  await using site = new WebSite();
  await using hub = await ObservedServer.start(presets.mcgalaxy());
  await using program = await Program.start({ config: network([{ name: "hub", address: hub.address }]) });
  for (const [listener, mode] of [["main", "parse"], ["raw", "raw"]] as const) {
    const target = program.target(listener);
    const address = `ws://${target.hostname}:${target.port}/`;
    await using bot = await Player.join(target, hub, { name: `${mode}_bot`, ...CPE });
    for (const sends of ["binary", "text"] as const) {
      await t.step(`${mode} mode, ${sends} messages`, async () => {
        const name = `${mode}_${sends}`;
        const web = await WebPlayer.join(browser, site, address, name, sends);
        assertEquals(web.protocol, "ClassiCube");
        await web.assertMap(hub.world);
        await Promise.all([web.seesPlayer(bot.name), bot.seesPlayer(name)]);
        await web.move(100, 1000, 100);
        await bot.seesAt(name, { x: 100, y: 1000, z: 100, yaw: 0, pitch: 0 });
        await web.say("hello from a page");
        await hub.heard(name, ["hello from a page"]);
        await Promise.all([
          bot.seesLine(`&f${name}&7: &fhello from a page`),
          web.seesLine(`&f${name}&7: &fhello from a page`),
        ]);
        await bot.bot.chat(`hello ${name}`);
        await web.seesLine(`&f${bot.name}&7: &fhello ${name}`);
        await web.leave();
        await hub.left(name);
        await bot.losesPlayer(name);
        const end = await program.until(() => program.endings.find(({ player }) => player === name), "the end");
        assertEquals([end.code, end.reason, end.ip], ["CP", "client-left", "127.0.0.1"]);
      });
    }
    await t.step(`${mode} mode, a kick`, async () => {
      const name = `${mode}_kicked`;
      const web = await WebPlayer.join(browser, site, address, name);
      hub.server.kick(name, "&cEnough");
      assertEquals(await web.closed(), ["&cEnough", 1000]);
    });
    await t.step(`${mode} mode, a page that is closed`, async () => {
      const name = `${mode}_closed`;
      const web = await WebPlayer.join(browser, site, address, name);
      await bot.seesPlayer(name);
      await web.closePage();
      await bot.losesPlayer(name);
      const end = await program.until(() => program.endings.find(({ player }) => player === name), "the end");
      assertEquals([end.code, end.reason], ["CP", "client-left"]);
    });
    await bot.leave();
  }
});

test("a browser is moved between servers, or turned away with an answer", async (t) => {
  await using browser = await Chromium.start();
  await using site = new WebSite();
  await using hub = await ObservedServer.start(presets.mcgalaxy());
  await using arena = await ObservedServer.start(presets.classicborne());
  const backends = [{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }];
  const closedToBrowsers = { listener: ["websocket = false"] };
  await using program = await Program.start({ config: network(backends) });
  await using wary = await Program.start({ config: network(backends, closedToBrowsers) });
  const { hostname, port } = program.target();

  await t.step("/server takes a page from one server to another and back", async () => {
    await using bot = await Player.join(program.target(), hub, { name: "bot", ...CPE });
    const web = await WebPlayer.join(browser, site, `ws://${hostname}:${port}/`, "web");
    await bot.seesPlayer("web");
    await web.say("/server arena");
    await arena.joined("web");
    await bot.losesPlayer("web");
    await web.losesPlayer("bot");
    await web.say("/server hub");
    await bot.seesPlayer("web");
    await web.seesPlayer("bot");
    // This client has no extension to say that it sees its new world, which the edge gives it half a second for.
    await program.until(() => program.lines("moved").length === 2, "two moves");
    await web.leave();
    assertEquals((await program.ended(1)).moves, 2);
    await bot.leave();
  });

  await t.step("a page cannot play where there are no WebSockets", async () => {
    const target = wary.target();
    const joining = WebPlayer.join(browser, site, `ws://${target.hostname}:${target.port}/`, "web");
    await assertRejects(() => joining, Error, "closed with 1006");
    assertEquals((await wary.ended(1)).reason, "not-classic");
  });

  await t.step("somebody who opens the address as a page reads how to join", async () => {
    const page = await browser.open(`http://${hostname}:${port}/`);
    const shown = await page.evaluate("document.body.textContent");
    assertMatch(`${shown}`, /^This is a Minecraft Classic server: to join, start ClassiCube /);
  });
});

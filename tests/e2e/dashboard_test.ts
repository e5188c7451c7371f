/** The dashboard in a real browser: an operator watches and steers players who play through the real program. */
import * as presets from "../../lib/demo/presets.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { Browser, PHONE, type ViewOptions } from "../harness/browser.ts";
import { barriers } from "../harness/browser_accessibility.ts";
import { Dashboard } from "../harness/browser_dashboard.ts";
import { CHROMIUM } from "../harness/chromium.ts";
import { testWith } from "../harness/installed.ts";
import { network, Program } from "../harness/program.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { ObservedServer } from "./observed_server.ts";

const test = testWith(CHROMIUM);

/** The page is the same in the executable, which has to show only that it has it. */
const VIEWS: Readonly<Record<string, ViewOptions>> = Deno.env.has("KURAFUTO_EXECUTABLE")
  ? { "on a desk": {} }
  : { "on a desk": {}, "on a phone": PHONE };
const HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>";

test("an operator watches and steers players from the dashboard, and it outlives the edge", async (t) => {
  await using browser = await Browser.start();
  for (const [name, options] of Object.entries(VIEWS)) {
    await t.step(name, async (t) => {
      await using hub = await ObservedServer.start({ ...presets.mcgalaxy(), name: "hub" });
      await using arena = await ObservedServer.start({ ...presets.classicborne(), name: "arena" });
      const config = [
        network([{ name: "hub", address: hub.address }, { name: "arena", address: arena.address }], {
          pool: ['fallback = ["all"]'],
        }),
        "[events]",
        "chat = true",
        "[admin]",
        `bind = "127.0.0.1:${quietPort()}"`,
      ].join("\n");
      await using first = await Program.start({ config });
      await first.until(() => first.lines("admin").length > 0, "the admin API");
      await using view = await browser.open(first.admin, options);
      const dashboard = new Dashboard(view);
      await dashboard.isLive();
      const join = async (program: Program, name: string): Promise<Bot> => {
        const bot = await Bot.connect(program.target(), { name, extensions: presets.CLASSICUBE });
        await bot.joined();
        return bot;
      };
      await using bot = await join(first, "Traveller");

      await t.step("a player joins", async () => {
        await dashboard.has(dashboard.newest, /Traveller joined hub by main from 127\.0\.0\.1/);
        await dashboard.has(dashboard.row("Traveller"), /hub.*playing.*ClassiCube 1\.3\.8/);
        await dashboard.has(dashboard.figure("players"), "1");
        await dashboard.has(dashboard.row("hub"), /up.*ms/);
      });

      await t.step("what they say is text", async () => {
        await bot.chat(HOSTILE);
        await dashboard.has(dashboard.newest, /Traveller in hub: <img src=x onerror=alert\(1\)><script>/);
        assertEquals(await view.page.locator("img").count(), 0);
      });

      await t.step("they are moved, and see it", async () => {
        await dashboard.move("Traveller", "arena");
        await arena.joined("Traveller");
        await bot.until(({ state }) => state.player.serverName === "arena", "the arena");
        await dashboard.has(dashboard.row("Traveller"), /arena.*playing/);
        await dashboard.has(dashboard.newest, /Traveller moved from hub to arena/);
        await dashboard.has(dashboard.figure("moves"), /^[01]$/);
        await dashboard.has("#figure-moves .note", /^1 since/);
      });

      await t.step("they read an announcement", async () => {
        await dashboard.announce("Restart in five minutes");
        await dashboard.has(dashboard.notice("Announce"), /told to 1 player/);
        await bot.chatLine(/Restart in five minutes/);
      });

      await t.step("a backend is drained and enabled", async () => {
        await dashboard.drain("arena", { move: true });
        await hub.joined("Traveller");
        await dashboard.has(dashboard.row("Traveller"), /hub.*playing/);
        await dashboard.has(dashboard.row("arena"), /drained/);
        await dashboard.has("#attention", /arena is drained/);
        await dashboard.press("Enable arena");
        await dashboard.has(dashboard.row("arena"), /up/);
      });

      await t.step("their story is told", async () => {
        await dashboard.press("Traveller: explain");
        const dialog = view.page.getByRole("dialog");
        await dashboard.has(dialog, /Traveller \(session \S+\) came by main.*hub.*picked.*arena/);
        assertEquals(await barriers(view.page), []);
        await view.page.keyboard.press("Escape");
      });

      await t.step("a reload says what it would do, and does it", async () => {
        await first.rewrite({ config: config.replace(`name = "raw"`, `name = "plain"`) });
        await dashboard.press("Reload…");
        await dashboard.has("#reload-dialog", /removed listener "raw"/);
        await view.page.getByLabel("If nobody confirms").selectOption("it is rolled back after a minute");
        await dashboard.press("Reload", { exact: true });
        await dashboard.press("Keep the new configuration");
        await dashboard.has("#listeners", /plain/);
        await dashboard.isGone(view.page.locator("#confirm"));
      });

      await t.step("they are kicked, and read why", async () => {
        await dashboard.kick("Traveller", "Enough for today");
        assertMatch(await bot.kicked(), /^Enough for today/);
        await dashboard.isGone("Traveller");
        await dashboard.has(dashboard.figure("lost"), "0");
      });

      await t.step("the edge is killed and comes back, and so does the page", async () => {
        await first.stop("SIGKILL");
        await dashboard.has("#lost", /The edge does not answer/);
        await using second = await Program.start({ config });
        await dashboard.has("#events li.note", "The edge was started anew");
        await dashboard.isGone(view.page.locator("#lost"));
        await using late = await join(second, "Latecomer");
        await dashboard.has(dashboard.row("Latecomer"), /hub/);
        await dashboard.has(dashboard.newest, /Latecomer joined hub/);
        assertEquals(await barriers(view.page), []);
        assertEquals(await dashboard.width(), options.width ?? 1440);
        assertEquals([bot.violations, late.violations], [[], []]);
      });
    });
  }
});

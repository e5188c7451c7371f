/** Whether everybody can use the dashboard: in light and dark, on a phone, by keyboard, with a screen reader. */
import { assertEquals } from "../harness/assert.ts";
import { Browser, PHONE, type ViewOptions } from "../harness/browser.ts";
import { barriers } from "../harness/browser_accessibility.ts";
import { Dashboard } from "../harness/browser_dashboard.ts";
import { CHROMIUM } from "../harness/chromium.ts";
import { testWith } from "../harness/installed.ts";
import { openSubject, urlOf } from "./dashboard_subject.ts";
import type { Subject } from "./subject.ts";

const test = testWith(CHROMIUM);

const VIEWS: Readonly<Record<string, ViewOptions>> = {
  light: {},
  dark: { colors: "dark" },
  phone: PHONE,
  "dark phone": { ...PHONE, colors: "dark" },
};
/** Views in which the dialogs are looked at, too: both colours and both widths are among them. */
const WITH_DIALOGS = ["light", "dark phone"];
const DIALOGS = ["Move… Notch", "Kick… Notch", "Drain… hub", "Announce…", "Reload…", "Notch: explain"];

test("everybody can use the dashboard", async (t) => {
  await using browser = await Browser.start();

  for (const [name, options] of Object.entries(VIEWS)) {
    await t.step(`axe finds no barrier in it, and it needs no scrolling sideways: ${name}`, async () => {
      await using subject = await openSubject();
      fill(subject);
      await using view = await browser.open(urlOf(subject), options);
      const dashboard = new Dashboard(view);
      await dashboard.isLive();
      await dashboard.has(dashboard.newest, /y{64}/);
      assertEquals(await barriers(view.page), []);
      assertEquals(await dashboard.width(), options.width ?? 1440);
      for (const opener of WITH_DIALOGS.includes(name) ? DIALOGS : []) {
        await dashboard.press(opener);
        await view.page.getByRole("dialog").waitFor();
        assertEquals(await barriers(view.page, "dialog[open]"), [], opener);
        const dialog = "document.querySelector('dialog[open]')";
        assertEquals(await view.page.evaluate(`${dialog}.scrollWidth - ${dialog}.clientWidth`), 0, opener);
        await view.page.keyboard.press("Escape");
      }
    });
  }

  await t.step("it is used with the keyboard alone, and the focus is never lost", async () => {
    await using subject = await openSubject();
    await using view = await browser.open(urlOf(subject));
    const dashboard = new Dashboard(view);
    const { keyboard } = view.page;
    await dashboard.isLive();
    await keyboard.press("Tab");
    assertEquals(await dashboard.focused(), "Skip to the players");
    await keyboard.press("Enter");
    await tabTo(dashboard, "Move… Notch");
    await keyboard.press("Enter");
    await dashboard.has(view.page.getByRole("dialog", { name: "Move Notch" }), /To which backend/);
    await keyboard.press("Escape");
    assertEquals(await dashboard.focused(), "Move… Notch");
    await tabTo(dashboard, "Kick… jeb_");
    subject.control.leave("jeb_");
    await dashboard.isGone("jeb_");
    assertEquals(await dashboard.focused(), "Players");
  });
});

/** As much on the page as there can be: long names, and every kind of trouble. */
function fill({ control }: Subject): void {
  const { facts } = control;
  control.join({
    name: "W".repeat(16),
    backend: "games",
    state: "waiting",
    client: "x".repeat(64),
    ip: "2001:db8:1111:2222:3333:4444:5555:6666",
  });
  facts.playersLost = 3;
  facts.listings = [{ listener: "main", list: "list.example", url: undefined, problem: "it is gone", lastSuccess: 0 }];
  facts.config = { ...facts.config, confirmBy: new Date(Date.now() + 60_000).toISOString() };
  control.emit({ event: "chat", session: "A-1", player: "Notch", backend: "hub", text: "y".repeat(64) });
}

async function tabTo(dashboard: Dashboard, name: string): Promise<void> {
  for (let tabs = 0; tabs < 60; tabs++) {
    await dashboard.page.keyboard.press("Tab");
    if (await dashboard.focused() === name) return;
  }
  throw new Error(`Cannot reach "${name}" by Tab`);
}

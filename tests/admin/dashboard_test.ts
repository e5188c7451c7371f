/** The dashboard in a real browser, before an edge that only exists on paper. */
import { assertEquals } from "../harness/assert.ts";
import { Browser, PHONE, type View, type ViewOptions } from "../harness/browser.ts";
import { Dashboard } from "../harness/browser_dashboard.ts";
import { CHROMIUM } from "../harness/chromium.ts";
import { testWith } from "../harness/installed.ts";
import { openSubject, urlOf } from "./dashboard_subject.ts";
import { fakePlayer } from "./fake_control.ts";
import type { Subject } from "./subject.ts";

const test = testWith(CHROMIUM);

test("the dashboard", async (t) => {
  await using browser = await Browser.start();
  const show = async (subject: Subject, options?: ViewOptions): Promise<[View, Dashboard]> => {
    const view = await browser.open(urlOf(subject), options);
    const dashboard = new Dashboard(view);
    await dashboard.isLive();
    return [view, dashboard];
  };

  await t.step("shows how the edge is, and what happens as it happens", async () => {
    await using subject = await openSubject();
    const { control } = subject;
    control.facts.playersLost = 2;
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.has(view.page.getByRole("heading", { level: 1 }), "My network");
    await dashboard.has("#state", "running");
    await dashboard.has(dashboard.figure("lost"), "2");
    await dashboard.has(dashboard.figure("players"), "3");
    await dashboard.has("#attention", /attic has been down for .*: connection refused/);
    await dashboard.has(dashboard.row("attic"), /attic.*127\.0\.0\.1:25568.*down.*connection refused.*no answer/);
    await dashboard.has(dashboard.row("games"), /up.*1 of 20.*ms/);
    await dashboard.has(dashboard.row("jeb_"), /hub.*playing.*1 min.*ClassiCube web.*192\.0\.2\.7 · main · wss/);
    await dashboard.has("#listings", /www\.classicube\.net.*listed/);

    control.join({ name: "Newcomer", backend: "games" });
    await dashboard.has(dashboard.row("Newcomer"), /games/);
    await dashboard.has(dashboard.figure("players"), "4");
    await dashboard.has(dashboard.newest, /join.*Newcomer joined games by main from 192\.0\.2\.7/);
    control.leave("Newcomer");
    await dashboard.isGone("Newcomer");
    control.facts.state = "draining";
    control.facts.playersLost = 0;
    control.emit({ event: "edge", state: "draining" });
    await dashboard.has("#state", "draining");
    await dashboard.has(dashboard.figure("lost"), "0");
  });

  for (const [name, options] of Object.entries({ wide: {}, phone: PHONE })) {
    await t.step(`gives orders and says what became of them: ${name}`, async () => {
      await using subject = await openSubject();
      const { control } = subject;
      const [view, dashboard] = await show(subject, options);
      await using _ = view;
      await dashboard.move("Notch", "games");
      await dashboard.has(dashboard.notice("Move Notch to games"), /Notch is on the way to games/);
      await dashboard.has(dashboard.row("Notch"), /games/);
      await dashboard.kick("jeb_", "enough");
      await dashboard.has(dashboard.notice("Kick jeb_"), /jeb_ was kicked/);
      await dashboard.isGone("jeb_");
      await dashboard.drain("games", { move: true });
      await dashboard.has(dashboard.row("games"), /drained.*0 of 20/);
      await dashboard.press("Enable games");
      await dashboard.has(dashboard.row("games"), /up/);
      await dashboard.announce("x".repeat(65));
      await dashboard.has(dashboard.notice("Announce"), /told to 2 players/);
      control.backendList.splice(1);
      await dashboard.isGone("games");
      assertEquals(control.orders, [
        ["move", "Notch", "games"],
        ["kick", "jeb_", "enough"],
        ["drain", "games", { move: true }],
        ["enable", "games"],
        ["announce", "x".repeat(65)],
      ]);
    });
  }

  await t.step("counts an announcement in lines of chat", async () => {
    await using subject = await openSubject();
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.press("Announce…");
    await view.page.getByLabel("Text", { exact: true }).fill("x".repeat(65));
    await dashboard.has("#announce-hint", "65 characters: 2 lines of 64 columns in chat");
  });

  await t.step("says why an order was refused, until that is dismissed", async () => {
    await using subject = await openSubject();
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.move("Notch", "attic");
    const notice = dashboard.notice("Move Notch to attic");
    await dashboard.has(notice, /Cannot move Notch: attic is down/);
    await dashboard.press("Dismiss");
    await dashboard.isGone(notice);
  });

  await t.step("shows what a reload would do, its answer, and what comes back unless it is kept", async () => {
    await using subject = await openSubject();
    const { control } = subject;
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.press("Reload…");
    await dashboard.has("#reload-dialog", /removed backend "games".*1 player would be moved: Dinnerbone from games/);
    await view.page.getByLabel("If nobody confirms").selectOption("it is rolled back after a minute");
    await dashboard.press("Reload", { exact: true });
    await dashboard.has(dashboard.notice("Reload"), /The configuration was reloaded.*backend "arena" added/);
    const bar = view.page.getByRole("region", { name: "A reload waits to be confirmed" });
    await dashboard.has(bar, /rolled back in \d+ s unless it is kept/);
    await dashboard.press("Roll back now");
    await dashboard.has(dashboard.notice("Roll back"), /the configuration of before is back/);
    await dashboard.isGone(bar);

    control.reloads.push({ result: "refused", lines: ["kurafuto.toml:3: edge.nme is unknown"] });
    await dashboard.press("Reload…");
    await dashboard.press("Reload", { exact: true });
    await dashboard.has(dashboard.notice("Reload"), /A reload was refused.*edge\.nme is unknown/);
    await dashboard.has("#attention", /The last reload was refused: kurafuto\.toml:3/);

    await dashboard.press("Reload…");
    await view.page.getByLabel("If nobody confirms").selectOption("it is rolled back after 30 seconds");
    await dashboard.press("Reload", { exact: true });
    await dashboard.press("Keep the new configuration");
    await dashboard.has(dashboard.notice("Keep the new configuration"), /the configuration stays/);
    assertEquals(control.orders.filter(([name]) => name !== "plan"), [
      ["reload", 60_000],
      ["rollBack"],
      ["reload", undefined],
      ["reload", 30_000],
      ["confirmReload"],
    ]);
  });

  await t.step("tells a session's story, from its player or from the code of a kick", async () => {
    await using subject = await openSubject();
    const [view, dashboard] = await show(subject);
    await using _ = view;
    const dialog = view.page.getByRole("dialog");
    await dashboard.press("Notch: explain");
    const story = /Notch \(session A-1\).*decided.*pool lobby, first: hub.*hub.*picked.*games.*1 of 20.*40 %/;
    await dashboard.has(dialog, story);
    await view.page.keyboard.press("Escape");
    await dashboard.press("Explain…");
    await dialog.getByRole("textbox").fill("PM-XXXXX");
    await view.page.keyboard.press("Enter");
    await dashboard.has(dialog, /no session has this player, id or end code: .*"PM-XXXXX"/);
  });

  await t.step("shows whatever players and servers say as text", async () => {
    await using subject = await openSubject();
    const { control } = subject;
    const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    control.join({ name: hostile, client: hostile, session: hostile });
    control.emit({ event: "chat", session: "A-9", player: hostile, backend: "hub", text: hostile });
    const [, , attic] = control.backendList;
    if (attic !== undefined) attic.cause = hostile;
    const listing = { listener: hostile, list: hostile, url: "javascript:alert(1)", problem: hostile, lastSuccess: 0 };
    Object.assign(control.facts, { name: hostile, listings: [listing] });
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.has(dashboard.newest, /<script>document\.title='owned'/);
    await dashboard.kick(hostile, hostile);
    await dashboard.has(dashboard.notice(`Kick ${hostile}`), /was kicked/);
    await dashboard.press("Explain…");
    await view.page.getByRole("dialog").getByRole("textbox").fill(hostile);
    await view.page.keyboard.press("Enter");
    await dashboard.has(view.page.getByRole("dialog"), /no session has this player/);
    assertEquals(await view.page.locator("img, body script:not([type=module]), a[href^=javascript]").count(), 0);
    assertEquals(await view.page.title(), `(2) ${hostile}`);
  });

  await t.step("touches only what changed of a thousand players, and finds each of them", async () => {
    await using subject = await openSubject();
    const { control } = subject;
    control.playerList.length = 0;
    for (let i = 0; i < 1000; i++) {
      const backend = i % 2 === 0 ? "hub" : "games";
      control.playerList.push(fakePlayer({ name: `bot${i}`, session: `S-${i}`, backend }));
    }
    const [view, dashboard] = await show(subject);
    await using _ = view;
    await dashboard.has("#players-rest", "and 800 more, filter to see them");
    assertEquals(await view.page.locator("#players tr").count(), 200);
    await countChanges(dashboard);
    control.playerList.splice(100, 1);
    await dashboard.has("#players-count", "999 players");
    assertEquals(await view.page.evaluate("changes"), 2, "one row goes, one comes");

    await view.page.getByLabel("Filter by name, client or address").fill("BOT99");
    await view.page.getByLabel("Filter by backend").selectOption("games");
    await dashboard.has("#players-count", "6 of 999 players");
    await dashboard.has("#players", /bot99.*bot991.*bot993.*bot995.*bot997.*bot999/);
    await view.page.getByLabel("Filter by name, client or address").fill("nobody");
    await dashboard.has("#players-rest", "No player fits the filter");
  });
});

/** Counts in `changes` how many rows of players come or go from now on. */
async function countChanges({ page }: Dashboard): Promise<void> {
  await page.evaluate(`
    globalThis.changes = 0;
    new MutationObserver((records) => {
      for (const { addedNodes, removedNodes } of records) changes += addedNodes.length + removedNodes.length;
    }).observe(document.querySelector("#players"), { childList: true });
  `);
}

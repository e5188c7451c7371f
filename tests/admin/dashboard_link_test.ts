/** The dashboard and its way to the edge: it is lost and found again, and may take a token. */
import { Token } from "../../lib/admin/token.ts";
import { assertEquals } from "../harness/assert.ts";
import { Browser } from "../harness/browser.ts";
import { Dashboard } from "../harness/browser_dashboard.ts";
import { CHROMIUM } from "../harness/chromium.ts";
import { testWith } from "../harness/installed.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { openSubject, urlOf } from "./dashboard_subject.ts";
import { OPEN } from "./subject.ts";

const test = testWith(CHROMIUM);

test("the dashboard and its way to the edge", async (t) => {
  await using browser = await Browser.start();

  await t.step("survives an edge that is gone and comes back as another one, and loses no order silently", async () => {
    const first = await openSubject({ bind: { kind: "tcp", host: "127.0.0.1", port: quietPort() } });
    first.control.drain("attic", { move: false });
    await using view = await browser.open(urlOf(first));
    const dashboard = new Dashboard(view);
    await dashboard.isLive();
    for (let i = 0; i < 5; i++) first.control.join({ name: `early${i}` });
    await dashboard.has("#events", /early4 joined hub/);
    const bind = first.server.address;
    await first.server.close();
    await dashboard.has("#lost", /The edge does not answer\. What you see is from/);
    await dashboard.has("#state", "cannot be reached");
    await dashboard.press("Enable attic");
    await dashboard.has(dashboard.notice("Enable attic"), /did not answer; whether the order arrived is not known/);

    await using second = await openSubject({ bind });
    second.control.facts.startedAt = new Date().toISOString();
    second.control.join({ name: "late" });
    await dashboard.has(dashboard.newest, /late joined hub/);
    await dashboard.has("#events li.note", "The edge was started anew");
    await dashboard.has("#state", "running");
    await dashboard.isGone(view.page.locator("#lost"));
    await dashboard.press("Try again");
    await dashboard.has(dashboard.notice("Enable attic"), /attic gets players again/);
    assertEquals(second.control.orders, [["enable", "attic"]]);
    second.control.join({ name: "later" });
    await dashboard.has(dashboard.newest, /later joined hub/);
    for (const name of ["early4", "late ", "later"]) {
      assertEquals(await view.page.locator("#events li", { hasText: `${name} joined` }).count(), 1, name);
    }
  });

  await t.step("asks for the token, once more where it is wrong, and again for an order", async () => {
    const [secret, other] = ["correct-horse-battery", "another-horse-battery"];
    const bind = { kind: "tcp", host: "0.0.0.0", port: 0 } as const;
    await using subject = await openSubject({ bind, access: { ...OPEN, token: new Token(secret) } });
    subject.control.drain("attic", { move: false });
    await using view = await browser.open(urlOf(subject));
    const dashboard = new Dashboard(view);
    const dialog = view.page.getByRole("dialog", { name: "Token" });
    const give = async (token: string): Promise<void> => {
      await dialog.getByLabel("Token").fill(token);
      await view.page.keyboard.press("Enter");
    };
    await give("not-this-one-but-long");
    await dashboard.has(dialog, /did not take the token/);
    await view.page.keyboard.press("Escape");
    await dashboard.has("#lost", /wants its token/);
    await dashboard.press("Try now");
    await give(secret);
    await dashboard.has(dashboard.row("Notch"), /hub/);
    subject.control.join({ name: "Newcomer" });
    await dashboard.has("#events", /Newcomer joined hub/);
    await dashboard.press("Enable attic");
    await dashboard.has(dashboard.notice("Enable attic"), /gets players again/);
    await view.page.reload();
    await dashboard.has(dashboard.row("Newcomer"), /hub/);

    subject.server.configure({ ...OPEN, token: new Token(other) });
    await dashboard.has(dialog, /did not take the token/);
    await give(other);
    await dashboard.kick("Notch", "");
    await dashboard.has(dashboard.notice("Kick Notch"), /Notch was kicked/);
  });

  await t.step("asks for the token only for an order where looking needs none", async () => {
    const secret = "correct-horse-battery";
    await using subject = await openSubject({ access: { ...OPEN, token: new Token(secret) } });
    await using view = await browser.open(urlOf(subject));
    const dashboard = new Dashboard(view);
    await dashboard.has(dashboard.row("Notch"), /hub/);
    await dashboard.kick("Notch", "");
    await view.page.getByRole("dialog", { name: "Token" }).getByLabel("Token").fill(secret);
    await view.page.keyboard.press("Enter");
    await dashboard.has(dashboard.notice("Kick Notch"), /Notch was kicked/);
  });
});

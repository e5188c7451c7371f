/** The dashboard as somebody uses it who sees it. */
import type { Locator, Page } from "playwright-core";
import { assertEquals, assertMatch } from "./assert.ts";
import type { View } from "./browser.ts";

const WAIT_MS = 20_000;

/** See the file's first line. */
export class Dashboard {
  readonly page: Page;

  constructor({ page }: View) {
    this.page = page;
  }

  /** Waits until the page shows the edge and follows what happens. */
  async isLive(): Promise<void> {
    await this.page.locator("#backends tr").first().waitFor();
    await this.has("#events-state", "live");
  }

  /**
   * Waits until the text of the first element is, or fits, `text`. Line breaks count as spaces.
   *
   * @param where The element, or a selector of it.
   */
  async has(where: Locator | string, text: string | RegExp): Promise<void> {
    const locator = (typeof where === "string" ? this.page.locator(where) : where).first();
    const deadline = performance.now() + WAIT_MS;
    let seen: string;
    do {
      seen = (await locator.innerText({ timeout: WAIT_MS })).replace(/\s+/g, " ").trim();
      if (typeof text === "string" ? seen === text : text.test(seen)) return;
      await this.page.evaluate("new Promise(requestAnimationFrame)");
    } while (performance.now() < deadline);
    if (typeof text === "string") assertEquals(seen, text);
    else assertMatch(seen, text);
  }

  /** The row of a backend or a player. */
  row(name: string): Locator {
    return this.page.getByRole("row").filter({ has: this.page.getByRole("rowheader").filter({ hasText: name }) });
  }

  /** Waits until nothing is left of a row, or of what else is given. */
  async isGone(what: string | Locator): Promise<void> {
    await (typeof what === "string" ? this.row(what) : what).first().waitFor({ state: "hidden", timeout: WAIT_MS });
  }

  /** The value of a figure: `lost`, `players`, `waiting` or `moves`. */
  figure(name: string): Locator {
    return this.page.locator(`#figure-${name} .value`);
  }

  /** What became of an order; the last one of that title. */
  notice(order: string): Locator {
    const title = this.page.getByRole("heading", { name: order, exact: false });
    return this.page.locator("#notices li").filter({ has: title }).last();
  }

  /** The newest event. */
  get newest(): Locator {
    return this.page.locator("#events li").first();
  }

  /** Presses the button with that name, or one that begins so. */
  async press(button: string, { exact = false } = {}): Promise<void> {
    await this.page.getByRole("button", { name: button, exact }).first().click();
  }

  /** Opens the dialog in which a player is moved, chooses and confirms. */
  async move(player: string, to: string): Promise<void> {
    await this.press(`Move… ${player}`);
    await this.page.getByRole("radio", { name: new RegExp(`^${to}`) }).check();
    await this.page.keyboard.press("Enter");
  }

  async kick(player: string, reason: string): Promise<void> {
    await this.press(`Kick… ${player}`);
    await this.page.getByLabel("Reason the player reads").fill(reason);
    await this.page.keyboard.press("Enter");
  }

  async drain(backend: string, { move }: { readonly move: boolean }): Promise<void> {
    await this.press(`Drain… ${backend}`);
    if (move) await this.page.getByRole("radio", { name: "are moved to the fallback now" }).check();
    await this.press("Drain", { exact: true });
  }

  async announce(text: string): Promise<void> {
    await this.press("Announce…");
    await this.page.getByLabel("Text", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** What the keyboard is on: its label or its text. */
  focused(): Promise<string> {
    return this.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()");
  }

  /** CSS pixels that the page is wide, those included that are out of sight. */
  width(): Promise<number> {
    return this.page.evaluate("document.documentElement.scrollWidth");
  }
}

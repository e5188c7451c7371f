/** A real browser for pages of ours, driven by Playwright. */
import { type Browser as PlaywrightBrowser, chromium, type Page } from "playwright-core";
import { CHROMIUM } from "./chromium.ts";

/** How wide a page is shown, and in which colours. */
export interface ViewOptions {
  /** CSS pixels. @default 1440 */
  readonly width?: number;
  /** CSS pixels. @default 900 */
  readonly height?: number;
  /** @default "light" */
  readonly colors?: "light" | "dark";
}

/** See the file's first line. Disposing ends it. */
export class Browser implements AsyncDisposable {
  readonly #browser: PlaywrightBrowser;

  private constructor(browser: PlaywrightBrowser) {
    this.#browser = browser;
  }

  /** Starts {@linkcode CHROMIUM} with nothing remembered from before. */
  static async start(): Promise<Browser> {
    // Its sandbox does not work for root, nor in most containers; the pages are ours.
    const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
    return new Browser(await chromium.launch({ executablePath: await pathOf(CHROMIUM), args }));
  }

  /** Opens a page that shares nothing with others. */
  async open(address: string, options: ViewOptions = {}): Promise<View> {
    const { width = 1440, height = 900, colors = "light" } = options;
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme: colors });
    const view = new View(await context.newPage());
    await view.page.goto(address);
    return view;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** One open page, and what went wrong in it. */
export class View {
  readonly page: Page;
  /** Errors of its script and what the browser logged as errors or warnings. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Playwright does not look along the PATH. */
async function pathOf(program: string): Promise<string> {
  if (program.includes("/")) return program;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${folder}/${program}`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error(`Cannot start a browser: current program is "${program}"; install Debian's package chromium, or set CHROMIUM to its path`);
}

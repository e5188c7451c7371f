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

/** A phone held upright. */
export const PHONE = { width: 390, height: 844 } as const satisfies ViewOptions;

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

  /** Opens a page that shares nothing with others. Nothing moves in it, so that nothing is looked at half shown. */
  async open(address: string, { width = 1440, height = 900, colors = "light" }: ViewOptions = {}): Promise<View> {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme: colors,
      reducedMotion: "reduce",
    });
    const view = new View(await context.newPage());
    await view.page.goto(address);
    return view;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** One open page. Disposing closes it, and fails where its script had an error or the browser complained about it. */
export class View implements AsyncDisposable {
  readonly page: Page;
  readonly #complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#complain(message.text());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    if (this.#complaints.length > 0) throw new Error(`The page had errors: ${this.#complaints.join("; ")}`);
  }

  #complain(text: string): void {
    // Chromium says so of every request that is refused or not answered, whatever the page makes of it.
    if (!text.startsWith("Failed to load resource: ")) this.#complaints.push(text);
  }
}

/** Playwright does not look along the PATH. */
async function pathOf(program: string): Promise<string> {
  if (program.includes("/")) return program;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${folder}/${program}`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  const remedy = "install Debian's package chromium, or set CHROMIUM to its path";
  throw new Error(`Cannot start a browser: current program is "${program}"; ${remedy}`);
}

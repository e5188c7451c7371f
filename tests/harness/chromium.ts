/** A real browser: Chromium without a screen, driven through its DevTools protocol. */
import { Waits } from "./waits.ts";

/** The browser: the program that the environment variable CHROMIUM names, else `chromium`. */
export const CHROMIUM = Deno.env.get("CHROMIUM") ?? "chromium";

const START_MS = 20_000;
const ANSWER_MS = 20_000;
const STOP_MS = 5_000;
const FLAGS = [
  "--headless=new",
  // Its sandbox does not work for root, nor in most containers; the pages are ours.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  "--no-default-browser-check",
  "--remote-debugging-port=0",
];
const DEVTOOLS = /^DevTools listening on (ws:\S+)$/m;

/** An answer or an event of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** What Runtime.evaluate answers. */
interface Evaluation {
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

/** See the file's first line. Disposing ends it. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #reading: Promise<void>;
  readonly #waits: Waits;
  #said = "";
  #devTools: WebSocket | undefined;
  #lastId = 0;
  readonly #answers = new Map<number, (message: Message) => void>();

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#waits = new Waits(() => `Chromium said ${JSON.stringify(this.#said.slice(-2000))}`, START_MS);
    this.#reading = this.#read();
  }

  /**
   * Starts the browser: {@linkcode CHROMIUM}.
   *
   * @param flags More of its flags.
   */
  static async start(...flags: readonly string[]): Promise<Chromium> {
    const folder = await Deno.makeTempDir({ prefix: "chromium-" });
    const program = CHROMIUM;
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        args: [...FLAGS, `--user-data-dir=${folder}`, ...flags, "about:blank"],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw new Error(
        `Cannot start a browser: current program is "${program}"; install Debian's package chromium, or set CHROMIUM to its path`,
        { cause: error },
      );
    }
    const browser = new Chromium(child, folder);
    try {
      await browser.#connect();
      return browser;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens a page and waits until it is loaded. */
  async open(address: string): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, String(targetId), String(sessionId));
    // Unlike creating a page at its address, this tells what cannot be loaded.
    const { errorText } = await this.send("Page.navigate", { url: address }, page.session);
    if (errorText !== undefined) throw new Error(`Cannot open ${address}: ${errorText}`);
    await page.evaluate("new Promise((done) => document.readyState === 'complete' ? done() : onload = () => done())");
    return page;
  }

  /** Sends a command of the DevTools protocol and returns its result. */
  async send(
    method: string,
    params: Readonly<Record<string, unknown>>,
    session?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Message>();
    const late = setTimeout(
      () => answer.reject(new Error(`Cannot ${method}: no answer in ${ANSWER_MS} ms`)),
      ANSWER_MS,
    );
    this.#answers.set(id, answer.resolve);
    this.#devTools?.send(
      JSON.stringify({ id, method, params, ...(session === undefined ? {} : { sessionId: session }) }),
    );
    try {
      const { result, error } = await answer.promise;
      if (error !== undefined) throw new Error(`Cannot ${method}: ${error.message}`);
      return result ?? {};
    } finally {
      clearTimeout(late);
      this.#answers.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const killer = setTimeout(() => this.#kill(), STOP_MS);
    // Killing it would leave its other processes behind.
    if (this.#devTools?.readyState === WebSocket.OPEN) await this.send("Browser.close", {});
    else this.#kill();
    await this.#child.status;
    clearTimeout(killer);
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async #connect(): Promise<void> {
    const [, address = ""] = await this.#waits.until(() => DEVTOOLS.exec(this.#said), "its DevTools");
    const devTools = new WebSocket(address);
    this.#devTools = devTools;
    devTools.addEventListener("message", ({ data }) => {
      const message: Message = JSON.parse(data);
      if (message.id !== undefined) this.#answers.get(message.id)?.(message);
    });
    await new Promise<void>((resolve, reject) => {
      devTools.addEventListener("open", () => resolve(), { once: true });
      devTools.addEventListener("error", () => reject(new Error(`Cannot reach Chromium at ${address}`)), {
        once: true,
      });
    });
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
      this.#waits.changed();
    }
    this.#waits.end("Chromium has ended");
  }
}

/** One page of the browser. */
export class Page {
  /** The DevTools session that drives it. */
  readonly session: string;
  readonly #browser: Chromium;
  readonly #target: string;

  constructor(browser: Chromium, target: string, session: string) {
    this.#browser = browser;
    this.#target = target;
    this.session = session;
  }

  /** Closes the page. */
  async close(): Promise<void> {
    await this.#browser.send("Target.closeTarget", { targetId: this.#target });
  }

  /** Evaluates JavaScript in the page, waits for what it promises, and returns that; it must be JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#browser.send(
      "Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true },
      this.session,
    );
    const { result, exceptionDetails } = answer as Evaluation;
    if (exceptionDetails !== undefined) {
      const { text, exception } = exceptionDetails;
      throw new Error(`Cannot evaluate ${expression}: ${exception?.description ?? text}`);
    }
    return result?.value;
  }
}

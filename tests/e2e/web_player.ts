import { visibleBlock } from "../../lib/demo/block.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { World } from "../../lib/demo/world.ts";
import { assertEquals } from "../harness/assert.ts";
import type { Chromium, Page } from "../harness/chromium.ts";

const FOLDER = new URL("page/", import.meta.url);
const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  "/": { name: "index.html", type: "text/html" },
  "/client.js": { name: "client.js", type: "text/javascript" },
};

/** A web server with the page that {@linkcode WebPlayer} needs. */
export class WebSite implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url }) => {
      const file = FILES[new URL(url).pathname];
      if (file === undefined) return new Response(null, { status: 404 });
      const headers = { "Content-Type": file.type };
      return new Response(await Deno.readFile(new URL(file.name, FOLDER)), { headers });
    },
  );

  get address(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** What the page tells once its player stands in a world. */
interface Joined {
  readonly protocol: string;
  readonly map: { readonly size: readonly number[]; readonly volume: number; readonly sha256: readonly number[] };
}

/** A player in a web page of a real browser. */
export class WebPlayer {
  readonly name: string;
  readonly #page: Page;
  readonly #joined: Joined;

  private constructor(name: string, page: Page, joined: Joined) {
    this.name = name;
    this.#page = page;
    this.#joined = joined;
  }

  /**
   * Opens a page, which logs in at `address` (`ws:` or `wss:`), and waits until the player stands in a world.
   *
   * @param sends What the page's messages are as far as they are ASCII; the others are binary.
   */
  static async join(
    browser: Chromium,
    site: WebSite,
    address: string,
    name: string,
    sends: "binary" | "text" = "binary",
  ): Promise<WebPlayer> {
    const page = await browser.open(site.address);
    const joined = await page.evaluate(
      `join(${JSON.stringify(address)}, ${JSON.stringify(name)}, ${sends === "text"})`,
    );
    return new WebPlayer(name, page, joined as Joined);
  }

  get protocol(): string {
    return this.#joined.protocol;
  }

  /** Compares the whole map with a server's world, in which this player is shown only blocks of the oldest clients. */
  async assertMap(world: World): Promise<void> {
    const { xSize, ySize, zSize } = world;
    const blocks: number[] = [];
    for (let y = 0; y < ySize; y++) {
      for (let z = 0; z < zSize; z++) {
        for (let x = 0; x < xSize; x++) blocks.push(visibleBlock(world.get(x, y, z), ExtensionSet.EMPTY));
      }
    }
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(blocks));
    const wanted = { size: [xSize, ySize, zSize], volume: blocks.length, sha256: [...new Uint8Array(digest)] };
    assertEquals(this.#joined.map, wanted);
  }

  async say(line: string): Promise<void> {
    await this.#page.evaluate(`player.say(${JSON.stringify(line)})`);
  }

  /** Moves to an eye position in 1/32 block. */
  async move(x: number, y: number, z: number): Promise<void> {
    await this.#page.evaluate(`player.move(${x}, ${y}, ${z})`);
  }

  /** Waits until this player sees somebody else. */
  async seesPlayer(name: string): Promise<void> {
    await this.#until(`[...player.entities.values()].includes(${JSON.stringify(name)})`);
  }

  /** Waits until this player does not see somebody else any more. */
  async losesPlayer(name: string): Promise<void> {
    await this.#until(`![...player.entities.values()].includes(${JSON.stringify(name)})`);
  }

  /** Waits until this player sees a line of chat that ends in `line`. */
  async seesLine(line: string): Promise<void> {
    await this.#until(`player.chat.some((said) => said.endsWith(${JSON.stringify(line)}))`);
  }

  /** Waits until the connection is closed, and returns the reason of the kick before it, if there was one, and the close code. */
  async closed(): Promise<unknown> {
    await this.#until("player.closed !== null");
    return await this.#page.evaluate("[player.kick, player.closed]");
  }

  /** Closes the WebSocket in order. */
  async leave(): Promise<void> {
    await this.#page.evaluate("player.close(1000)");
    assertEquals(await this.closed(), [null, 1000]);
  }

  /** Closes the page, as somebody does who has had enough. */
  async closePage(): Promise<void> {
    await this.#page.close();
  }

  async #until(condition: string): Promise<void> {
    await this.#page.evaluate(`player.until(() => ${condition}).then(() => true)`);
  }
}

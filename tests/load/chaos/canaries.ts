import { Link, type Target } from "../../harness/link.ts";
import { identificationOf } from "./strangers.ts";

type TcpTarget = Extract<Target, { port: number }>;

/** Players who take whatever they are told for granted, so that it may be nonsense: all that matters is that nobody hangs up on them. */
export class Canaries implements AsyncDisposable {
  readonly names: readonly string[];
  readonly #links: readonly Link[];
  readonly #lost: string[] = [];
  #isOver = false;

  private constructor(names: readonly string[], links: readonly Link[]) {
    this.names = names;
    this.#links = links;
    links.forEach((link, index) =>
      link.ended.then(() => {
        if (!this.#isOver) this.#lost.push(names[index] ?? "");
      })
    );
  }

  /** `count` of them log in at `target`. */
  static async join(target: TcpTarget, count: number): Promise<Canaries> {
    const names = Array.from({ length: count }, (_, number) => `C${number}`);
    const links = await Promise.all(names.map(async (name) => {
      const link = new Link(await Deno.connect(target), () => {});
      await link.write(identificationOf(name));
      return link;
    }));
    return new Canaries(names, links);
  }

  /** Names of those whose connection is over. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** All leave in order. */
  async leave(): Promise<void> {
    this.#isOver = true;
    for (const link of this.#links) await link.closeWrite();
    await Promise.all(this.#links.map((link) => link.ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#links.map((link) => link[Symbol.asyncDispose]()));
  }
}

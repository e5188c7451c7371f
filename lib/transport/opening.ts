import { messageOf } from "../error_message.ts";
import { type Language, languageOf } from "./first_bytes.ts";
import { withPrefix } from "./prefixed_conn.ts";
import type { Conn } from "./conn.ts";

/** Bytes read at first: all that a player says before they are answered, and all that an idle peer holds. */
const FIRST_SIZE = 192;

/** The first bytes of a connection, of which no more are read than it takes to tell what they are. */
export class Opening {
  readonly #conn: Conn;
  #buffer = new Uint8Array(FIRST_SIZE);
  #start = 0;
  #end = 0;
  /** Why nothing more can be read, unless the peer just closed. */
  failure: string | undefined;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** What was read and is not skipped. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** What the peer speaks; `"more"` where it ends before that can be told. */
  async language(): Promise<Language> {
    let language = languageOf(this.bytes);
    while (language === "more" && await this.more()) language = languageOf(this.bytes);
    return language;
  }

  /** Reads at least one byte more. Returns whether there was one. */
  async more(): Promise<boolean> {
    if (this.#end === this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    try {
      const count = await this.#conn.read(this.#buffer.subarray(this.#end));
      this.#end += count ?? 0;
      return count !== null;
    } catch (error) {
      this.failure = messageOf(error);
      return false;
    }
  }

  /** Forgets the first `count` bytes. */
  skip(count: number): void {
    this.#start += count;
  }

  /** The connection as it was before its first bytes were read, without those that were skipped. */
  rest(): Conn {
    return withPrefix(this.#conn, this.#buffer.slice(this.#start, this.#end));
  }
}

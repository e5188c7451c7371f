/** The bearer token that callers of the admin API must present. */
import { createHash, timingSafeEqual } from "node:crypto";
import { UnusableFileError } from "../config/unusable_file.ts";

/** Characters of the shortest token: guessing 16 random letters takes longer than anybody waits. */
const SHORTEST = 16;
/** Characters of the longest token, so that it fits a header. */
const LONGEST = 1024;
/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/** A secret of 16 to 1024 printable ASCII characters without spaces. Only its hash is kept. */
export class Token {
  readonly #hash: Uint8Array;

  /** @throws {RangeError} where `text` is no such secret; the text is not told */
  constructor(text: string) {
    if (!/^[!-~]*$/.test(text)) throw new RangeError("it must be printable ASCII without spaces, on one line");
    if (text.length < SHORTEST || text.length > LONGEST) {
      throw new RangeError(`it must have ${SHORTEST} to ${LONGEST} characters: current value has ${text.length}`);
    }
    this.#hash = hashOf(text);
  }

  /** Whether `presented` is the token. Takes the same time wherever they differ. */
  matches(presented: string): boolean {
    return timingSafeEqual(hashOf(presented), this.#hash);
  }
}

/**
 * The token in the file at `path`, less one line end behind it.
 *
 * @throws {UnusableFileError} where the file cannot be read, holds no token, or may be read by others than its owner
 */
export async function readToken(path: string): Promise<Token> {
  try {
    // Looks at what was opened, so that nobody can exchange it in between.
    using file = await Deno.open(path);
    const { mode, isFile } = await file.stat();
    if (!isFile) throw new Error("it is no file");
    if (mode !== null && (mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0");
      throw new Error(`others than its owner may use it, so do chmod 600: current mode is ${octal}`);
    }
    const bytes = new Uint8Array(LONGEST + 3);
    const count = await file.read(bytes) ?? 0;
    return new Token(new TextDecoder().decode(bytes.subarray(0, count)).replace(/\r?\n$/, ""));
  } catch (error) {
    throw new UnusableFileError(`admin.token_file '${path}'`, error);
  }
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

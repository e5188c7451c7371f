// @ts-types="../../types/std_toml.d.ts"
import { parse } from "@std/toml";
import { formatPath, type Path } from "./problem.ts";
import { SECRETS } from "./secrets.ts";

export type TomlTable = { [key: string]: unknown };

/** A TOML document with the place of everything in it. */
export interface TomlDocument {
  readonly root: TomlTable;
  /** Line, from 1, of each key, table and array element by its formatted path. */
  readonly lines: ReadonlyMap<string, number>;
  /** Whole numbers written as floats, such as `1.0`, which TOML tells from integers and JavaScript does not. */
  readonly wholeFloats: readonly WholeFloat[];
  /** Keys and tables that are set more than once; the first one counts. */
  readonly repeats: readonly TomlProblem[];
}

export interface WholeFloat {
  readonly path: Path;
  /** As it is written. */
  readonly text: string;
}

export interface TomlProblem {
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/** A document that is no TOML; reading ends at the first such place. */
export class TomlSyntaxError extends SyntaxError implements TomlProblem {
  override readonly name = "TomlSyntaxError";
  readonly line: number;
  readonly path: string;

  constructor(line: number, path: string, message: string) {
    super(message);
    this.line = line;
    this.path = path;
  }
}

/** How a table came to be, which decides what may still be added to it. */
type Origin = "implied" | "header" | "dotted" | "inline";

/** Values and dotted keys nested deeper are refused: reading them takes stack and time. */
const DEEPEST = 32;

/** What to do about a key that is set twice. */
const ONE_OF_TWO = "take one of the two out";

const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y;
const SPACE = /[ \t]*/y;
const LINE_END = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const DOT = /[ \t]*\.[ \t]*/y;
const BARE_VALUE = /[^\s,#=[\]{}"']+(?: \d\d:[^\s,#\]}]+)?/y;
const ESCAPE = String.raw`\\(?:[btnfr"\\]|u[0-9A-Fa-f]{4}|U00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})`;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const BASIC = new RegExp(`"(?:[^"\\\\\\r\\n]|${ESCAPE})*"`, "y");
const LITERAL = /'[^'\r\n]*'/y;
const TEXT: Readonly<Record<string, RegExp>> = {
  '"': BASIC,
  "'": LITERAL,
  '"""': new RegExp(`"""(?:[^"\\\\]|${ESCAPE}|\\\\[ \\t]*\\r?\\n|"{1,2}(?!"))*"{3,4}`, "y"),
  "'''": /'''(?:[^']|'{1,2}(?!'))*'{3,4}/y,
};
/** Text on one line of which each character stands for itself, and numbers that have no other form. */
const PLAIN_TEXT = /^(?:"[^"\\\n]*"|'[^'\n]*')$/;
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,8})$/;
/** A fraction or an exponent, of which hexadecimal integers have none. */
const FLOAT = /^[+-]?[\d_]+[.eE]/;
/** Text that ends in its quote, whatever escapes it has. */
const CLOSED: Readonly<Record<string, RegExp>> = {
  '"': /"(?:[^"\\\r\n]|\\.)*"/y,
  '"""': /"""(?:[^\\]|\\[^])*?"""/y,
};

/**
 * Reads TOML 1.0, keeping the line of each key and refusing what is set twice. Structure is read here; single values are
 * handed to `@std/toml`, whose own reader of documents lets repeated keys pass and misplaces its errors.
 *
 * @throws {TomlSyntaxError} at the first place that is no TOML
 */
export function parseToml(text: string): TomlDocument {
  return new TomlReader(text).read();
}

class TomlReader {
  readonly #text: string;
  readonly #root: TomlTable = table();
  readonly #lines = new Map<string, number>();
  readonly #wholeFloats: WholeFloat[] = [];
  readonly #repeats: TomlProblem[] = [];
  readonly #origins = new Map<TomlTable, Origin>();
  readonly #tableArrays = new Set<unknown>();
  #at = 0;
  #line = 1;
  #current: { readonly table: TomlTable; readonly path: Path };

  constructor(text: string) {
    this.#text = text;
    this.#current = { table: this.#root, path: [] };
  }

  read(): TomlDocument {
    for (this.#take(BLANK); this.#at < this.#text.length; this.#take(BLANK)) {
      const path = this.#readStatement();
      if (this.#take(LINE_END) !== undefined) continue;
      this.#fail(`Cannot read line as something follows its end (begin a new line, or a comment with "#")`, path);
    }
    return { root: this.#root, lines: this.#lines, wholeFloats: this.#wholeFloats, repeats: this.#repeats };
  }

  /** Reads a header or a pair and returns what it names. */
  #readStatement(): Path {
    if (this.#takeText("[[")) return this.#openTableArray();
    if (this.#takeText("[")) return this.#openTable();
    return this.#readPair(this.#current.table, this.#current.path);
  }

  #openTable(): Path {
    const line = this.#line;
    const { parent, path, key } = this.#descend(this.#readHeader("]"));
    const found = parent[key];
    if (found === undefined) {
      this.#current = { table: this.#addTable(parent, path, "header", line), path };
    } else if (isTable(found) && this.#origins.get(found) === "implied") {
      this.#origins.set(found, "header");
      this.#lines.set(formatPath(path), line);
      this.#current = { table: found, path };
    } else {
      const several = this.#tableArrays.has(found) ? `write [[${formatPath(path)}]]` : ONE_OF_TWO;
      this.#repeat(path, line, "table", isTable(found) ? "put its keys there" : several);
      this.#current = { table: isTable(found) ? found : table(), path };
    }
    return path;
  }

  #openTableArray(): Path {
    const line = this.#line;
    const { parent, path, key } = this.#descend(this.#readHeader("]]"));
    const found = parent[key];
    let tables: unknown[] = [];
    if (found === undefined) {
      parent[key] = tables;
      this.#tableArrays.add(tables);
      this.#mark(path, line);
    } else if (Array.isArray(found) && this.#tableArrays.has(found)) {
      tables = found;
    } else {
      const name = formatPath(path);
      this.#repeat(path, line, "array of tables", `write [[${name}]] everywhere, or [${name}] once`);
    }
    const added = table();
    const index = tables.push(added) - 1;
    this.#origins.set(added, "header");
    this.#current = { table: added, path: [...path, index] };
    this.#mark(this.#current.path, line);
    return path;
  }

  #readHeader(close: string): readonly string[] {
    const line = this.#line;
    this.#current = { table: this.#root, path: [] };
    this.#take(SPACE);
    const keys = this.#readKeys();
    this.#take(SPACE);
    if (!this.#takeText(close)) this.#fail(`Cannot read table name as "${close}" is missing behind it`, keys, line);
    return keys;
  }

  /** Table that holds the last of `keys`, starting at the root; a table array stands for its last table. */
  #descend(keys: readonly string[]): { parent: TomlTable; path: Path; key: string } {
    let parent = this.#root;
    let path: Path = [];
    for (const key of keys.slice(0, -1)) {
      path = [...path, key];
      const found = parent[key];
      if (found === undefined) {
        parent = this.#addTable(parent, path, "implied", this.#line);
      } else if (isTable(found) && this.#origins.get(found) !== "inline") {
        parent = found;
      } else if (Array.isArray(found) && this.#tableArrays.has(found)) {
        path = [...path, found.length - 1];
        parent = found.at(-1);
      } else {
        this.#repeat(path, this.#line, "table", "put its keys there");
        parent = table();
      }
    }
    const key = keys.at(-1) ?? "";
    return { parent, path: [...path, key], key };
  }

  /** Reads `key = value`, with dotted keys, into `target` and returns what it names. */
  #readPair(target: TomlTable, prefix: Path, depth = 0): Path {
    const line = this.#line;
    const keys = this.#readKeys();
    let path = prefix;
    for (const key of keys.slice(0, -1)) {
      path = [...path, key];
      const found = target[key];
      if (found === undefined) {
        target = this.#addTable(target, path, "dotted", line);
      } else if (isTable(found) && this.#origins.get(found) === "dotted") {
        target = found;
      } else {
        this.#repeat(path, line, "key", ONE_OF_TWO);
        target = table();
      }
    }
    const key = keys.at(-1) ?? "";
    path = [...path, key];
    this.#take(SPACE);
    if (!this.#takeText("=")) this.#fail(`Cannot read key as "=" is missing behind it`, path, line);
    this.#take(SPACE);
    if (key in target) {
      this.#repeat(path, line, "key", ONE_OF_TWO);
      target = table();
    }
    this.#mark(path, line);
    target[key] = this.#readValue(path, depth);
    return path;
  }

  #readKeys(): readonly string[] {
    const keys = [this.#readKey()];
    while (this.#take(DOT) !== undefined) {
      if (keys.length === DEEPEST) this.#fail(`Cannot read key as it has more than ${DEEPEST} parts`);
      keys.push(this.#readKey());
    }
    return keys;
  }

  #readKey(): string {
    const bare = this.#take(BARE_KEY);
    if (bare !== undefined) return bare;
    const quoted = this.#take(BASIC) ?? this.#take(LITERAL);
    if (quoted === undefined) this.#fail("Cannot read key as it must be of A-Z, a-z, 0-9, _ and -, or in quotes");
    return String(this.#scalar(quoted, this.#current.path));
  }

  #readValue(path: Path, depth: number): unknown {
    if (depth > DEEPEST) this.#fail(`Cannot read value as it is nested deeper than ${DEEPEST}`);
    const char = this.#text[this.#at];
    if (char === "[") return this.#readArray(path, depth);
    if (char === "{") return this.#readInlineTable(path, depth);
    const line = this.#line;
    if (char === '"' || char === "'") {
      const quote = this.#text.startsWith(char.repeat(3), this.#at) ? char.repeat(3) : char;
      const quoted = this.#take(TEXT[quote] ?? BASIC);
      if (quoted === undefined) this.#fail(this.#textFault(quote), path, line);
      return this.#scalar(quoted, path, line);
    }
    const bare = this.#take(BARE_VALUE);
    if (bare === undefined) this.#fail("Cannot read value as it is missing (write one, or take the key out)", path);
    return this.#scalar(bare, path, line);
  }

  #textFault(quote: string): string {
    const closed = CLOSED[quote];
    return closed === undefined || this.#take(closed) === undefined
      ? `Cannot read text as its closing quote is missing (write ${quote} at its end)`
      : String.raw`Cannot read text as it has an unknown escape (write \\ for a backslash)`;
  }

  #readArray(path: Path, depth: number): unknown[] {
    const line = this.#line;
    const values: unknown[] = [];
    this.#takeText("[");
    for (this.#take(BLANK); !this.#takeText("]"); this.#take(BLANK)) {
      if (this.#at >= this.#text.length) this.#fail(`Cannot read array as its "]" is missing`, path, line);
      const element = [...path, values.length];
      this.#mark(element, this.#line);
      values.push(this.#readValue(element, depth + 1));
      this.#take(BLANK);
      if (!this.#takeText(",") && this.#at < this.#text.length && this.#text[this.#at] !== "]") {
        this.#fail(`Cannot read array as "," or "]" is missing`, path);
      }
    }
    return values;
  }

  #readInlineTable(path: Path, depth: number): TomlTable {
    const line = this.#line;
    const value = table();
    this.#takeText("{");
    this.#take(SPACE);
    if (!this.#takeText("}")) {
      do {
        this.#take(SPACE);
        if (this.#take(LINE_END) !== undefined) {
          this.#fail("Cannot read inline table as it must be on one line", path, line);
        }
        this.#readPair(value, path, depth + 1);
        this.#take(SPACE);
      } while (this.#takeText(","));
      if (!this.#takeText("}")) {
        this.#fail(`Cannot read inline table as "," or "}" is missing (it must be on one line)`, path, line);
      }
    }
    this.#close(value);
    return value;
  }

  /** Nothing may be added to an inline table, nor to the tables that dotted keys made in it. */
  #close(value: TomlTable): void {
    this.#origins.set(value, "inline");
    for (const inner of Object.values(value)) if (isTable(inner)) this.#close(inner);
  }

  /** Value of one number, boolean, date or text token. */
  #scalar(token: string, path: Path, line = this.#line): unknown {
    if (CONTROL.test(token)) {
      this.#fail(
        String.raw`Cannot read text as it holds a control character (write it as \u and its four digits)`,
        path,
        line,
      );
    }
    const plain = plainValue(token);
    if (plain !== undefined) return plain;
    try {
      const { value } = parse(`value = ${withShortEscapes(token)}`);
      if (Number.isInteger(value) && FLOAT.test(token)) this.#wholeFloats.push({ path, text: token });
      return value;
    } catch {
      const message = "Cannot read value as it is no number or date, and text must stand in straight quotes";
      this.#fail(`${message}${SECRETS.has(path.at(-1)) ? "" : meantBy(token)}`, path, line);
    }
  }

  #addTable(parent: TomlTable, path: Path, origin: Origin, line: number): TomlTable {
    const added = table();
    parent[String(path.at(-1))] = added;
    this.#origins.set(added, origin);
    this.#mark(path, line);
    return added;
  }

  /** Notes where `path` stands; the first place counts. */
  #mark(path: Path, line: number): void {
    const formatted = formatPath(path);
    if (!this.#lines.has(formatted)) this.#lines.set(formatted, line);
  }

  #repeat(path: Path, line: number, what: string, mend: string): void {
    const formatted = formatPath(path);
    const first = this.#lines.get(formatted);
    const message = `Cannot set ${what} again: it is set on line ${first} (${mend})`;
    this.#repeats.push({ line, path: formatted, message });
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    this.#line += found.split("\n").length - 1;
    return found;
  }

  #takeText(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #fail(message: string, path = this.#current.path, line = this.#line): never {
    throw new TomlSyntaxError(line, formatPath(path), message);
  }
}

/** Tables have no prototype, so that a key such as `constructor` is only a key. */
function table(): TomlTable {
  return Object.create(null);
}

/** What was probably meant by a value without quotes, or in those of a word processor, for the end of a message. */
function meantBy(token: string): string {
  const word = token.replaceAll(/[\u2018-\u201f]/g, "");
  if (/^(true|false)$/i.test(word)) return ` (did you mean ${word.toLowerCase()}?)`;
  return /^[A-Za-z0-9./:_-]+$/.test(word) ? ` (did you mean ${JSON.stringify(word)}?)` : "";
}

/** Whether `value`, as read by `parseToml`, is a table. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The value of a token as most are. The library needs longer for the first of them than for the rest of a file. */
function plainValue(token: string): string | number | boolean | undefined {
  if (PLAIN_TEXT.test(token)) return token.slice(1, -1);
  if (PLAIN_NUMBER.test(token)) return Number(token);
  return token === "true" ? true : token === "false" ? false : undefined;
}

/** `token` with its `\U` escapes cut to the six digits that `@std/toml` reads; TOML has eight. */
function withShortEscapes(token: string): string {
  return token.startsWith('"') ? token.replaceAll(/\\U00|\\[^]/g, (found) => found === "\\U00" ? "\\U" : found) : token;
}

/** The head of an HTTP/1.1 request or response (RFC 9112), as far as an upgrade needs it. */

/** Bytes a head may have, the empty line at its end included. */
export const MAX_HEAD = 8 << 10;

/** What {@linkcode readHead} found. */
export type HeadReading =
  /** The head is not whole yet. */
  | { readonly kind: "more" }
  /** This is no head, whatever follows. */
  | { readonly kind: "bad"; readonly detail: string }
  | { readonly kind: "too-large" }
  | { readonly kind: "head"; readonly head: HttpHead };

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

const START_LINE = /^([^ ]+) ([^ ]+)(?: (.*))?$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A whole head. */
export class HttpHead {
  /** The three parts of the first line: method, target and version, or version, status and reason, which may be empty. */
  readonly startLine: readonly [string, string, string];
  /** Bytes up to and including the empty line. */
  readonly size: number;
  readonly #fields: ReadonlyMap<string, string>;

  /** @param fields Values by name in lower case. */
  constructor(startLine: readonly [string, string, string], fields: ReadonlyMap<string, string>, size: number) {
    this.startLine = startLine;
    this.size = size;
    this.#fields = fields;
  }

  /** The value of the header of that name, in whatever case; values of a repeated header are joined with `", "`. */
  header(name: string): string | undefined {
    return this.#fields.get(name.toLowerCase());
  }

  /** The header of that name as a list of what stands between its commas. */
  list(name: string): readonly string[] {
    return (this.header(name) ?? "").split(",").map((item) => item.trim());
  }
}

/**
 * Reads a head from the start of `bytes`. Only CRLF ends a line; control bytes, folded lines and white space in front of a colon
 * are refused. Bytes above 127 are taken as Latin-1.
 *
 * @param seen How many of the bytes an earlier call has answered with `"more"`; they are not looked at again. @default 0
 */
export function readHead(bytes: Uint8Array, seen = 0): HeadReading {
  const limit = Math.min(bytes.length, MAX_HEAD);
  for (let at = seen; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if ((byte === LF) !== (bytes[at - 1] === CR)) return bad("a line does not end in CR LF");
    if (byte === LF && bytes[at - 2] === LF) return parse(bytes.subarray(0, at + 1));
    if ((byte < SPACE && byte !== TAB && byte !== CR && byte !== LF) || byte === DELETE) {
      return bad(`byte ${byte} is a control byte`);
    }
  }
  return limit === MAX_HEAD ? { kind: "too-large" } : { kind: "more" };
}

function parse(bytes: Uint8Array): HeadReading {
  const [first = "", ...lines] = String.fromCharCode(...bytes).slice(0, -4).split("\r\n");
  const [, one, two, three] = START_LINE.exec(first) ?? [];
  if (one === undefined || two === undefined) return bad("the first line has less than two parts");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 0 || !FIELD_NAME.test(name)) return bad("a line is no header");
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { kind: "head", head: new HttpHead([one, two, three ?? ""], fields, bytes.length) };
}

function bad(detail: string): HeadReading {
  return { kind: "bad", detail };
}

import * as z from "zod/mini";
import { fitsTextField, TEXT_SIZE } from "../protocol/text.ts";
import { type Address, parseAddress, type TcpAddress } from "./address.ts";
import { currentValue } from "./current_value.ts";
import { type Network, parseNetwork } from "./network.ts";
import { parseDuration, parseRate, parseSize, type Rate } from "./units.ts";

/** A key's value: `T` once read, `I` as written in the file. */
export type Field<T, I = string> = z.ZodMiniType<T, I>;

/** What people and editors are told about a setting. */
export interface About {
  readonly title: string;
  readonly description: string;
}

/** A setting that is read as `type` is; with a `default`, which is written as in the file, the file may do without it. */
export function setting<T extends z.ZodMiniType>(
  type: T,
  about: About & { readonly default: z.input<T> },
): z.ZodMiniPrefault<T>;
export function setting<T extends z.ZodMiniType>(type: T, about: About): T;
export function setting<T extends z.ZodMiniType>(
  type: T,
  { default: value, ...about }: About & { readonly default?: z.input<T> },
): T | z.ZodMiniPrefault<T> {
  const defaulted = value === undefined ? type : z.prefault(type, value);
  describe(defaulted, about);
  return defaulted;
}

/** Adds to what editors are told about `type`. */
function describe(type: z.ZodMiniType, words: z.core.GlobalMeta): void {
  type.register(z.globalRegistry, { ...z.globalRegistry.get(type), ...words });
}

// The error of a check is the end of a sentence, "must be …", which the loader completes with the value; that of a parser
// is a whole sentence.

/** Text that `parse` turns into a value; `pattern` tells editors about its form. */
function parsed<T>(expected: string, pattern: string, parse: (text: string) => T): Field<T> {
  const read = z.transform((text: string, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      context.issues.push({ code: "custom", message: error.message, input: text });
      return z.NEVER;
    }
  });
  return z.pipe(z.string({ error: `must be ${expected}` }), read).register(z.globalRegistry, { pattern });
}

export interface BoundsOptions {
  /** Least value allowed, written as in the file. */
  readonly least: string;
  /** Greatest value allowed, written as in the file. */
  readonly most: string;
}

function bounded(
  what: string,
  parse: (text: string) => number,
  { least, most }: BoundsOptions,
): (text: string) => number {
  const [lower, upper] = [parse(least), parse(most)];
  return (text) => {
    const value = parse(text);
    if (value >= lower && value <= upper) return value;
    throw new RangeError(
      `Cannot use ${what} as it must be from ${least} to ${most}: ${currentValue(text)}`,
    );
  };
}

/** Duration in milliseconds. */
export function duration(bounds: BoundsOptions): Field<number> {
  return parsed(`a duration such as "30s"`, "^[0-9]+(ms|s|m|h|d)$", bounded("duration", parseDuration, bounds));
}

/** Size in bytes. */
export function size(bounds: BoundsOptions): Field<number> {
  return parsed(`a size such as "64KiB"`, "^[0-9]+(B|KiB|MiB|GiB)$", bounded("size", parseSize, bounds));
}

/** Rate of at most a million events in at most an hour. */
export function rate(): Field<Rate> {
  return parsed(`a rate such as "10/10s"`, "^[0-9]+/[0-9]+(ms|s|m|h|d)$", (text) => {
    const value = parseRate(text);
    if (value.count <= 1_000_000 && value.windowMs <= 3_600_000) return value;
    throw new RangeError(`Cannot use rate as it must be at most 1000000 in at most 1h: ${currentValue(text)}`);
  });
}

/** Address of something to dial. */
export function address(): Field<Address> {
  return parsed(`an address such as "127.0.0.1:25566"`, "^(unix:/.+|.+:[0-9]+)$", (text) => {
    const value = parseAddress(text);
    if (value.kind === "unix" || value.port > 0) return value;
    throw new RangeError(`Cannot dial address as its port is 0, not the server's: ${currentValue(text)}`);
  });
}

/** Address to listen on. */
export function bind(): Field<Address> {
  return parsed(`an address such as "127.0.0.1:8080"`, "^(unix:/.+|.+:[0-9]+)$", parseAddress);
}

/** Address to listen on that is no socket path. */
export function tcpBind(): Field<TcpAddress> {
  return parsed(`an address such as "0.0.0.0:25565"`, "^.+:[0-9]+$", (text) => {
    const value = parseAddress(text);
    if (value.kind === "tcp") return value;
    throw new RangeError(`Cannot listen on address as it must be host:port: ${currentValue(text)}`);
  });
}

export function network(): Field<Network> {
  return parsed(`a network such as "10.0.0.0/8"`, "^[0-9A-Fa-f:.]+(/[0-9]+)?$", parseNetwork);
}

/** Absolute `http:` or `https:` URL. */
export function url(): Field<string> {
  return parsed('a URL such as "https://example.org/heartbeat"', "^https?://.+$", (text) => {
    if (URL.canParse(text) && /^https?:\/\//i.test(text)) return text;
    throw new SyntaxError(
      `Cannot use URL as it must start with http:// or https:// and name a host: ${currentValue(text)}`,
    );
  });
}

/** Name of a listener, backend or pool: no word of it is a flag, and none a step in a path. */
export function name(): Field<string> {
  return matching(
    "text of 1 to 32 of A-Z, a-z, 0-9, _, . and - that begins with a letter, a digit or _",
    "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$",
  );
}

/** Text of which the whole must match `pattern`, a regular expression that JSON Schema also understands. */
export function matching(expected: string, pattern: string): Field<string> {
  const error = `must be ${expected}`;
  return z.string({ error }).check(z.regex(new RegExp(pattern), { error }));
}

/** Path of a file; empty where there is none, which is the default. */
export function optionalPath(): z.ZodMiniPrefault<Field<string>> {
  return z.prefault(matching("a path or empty", "^[^\\u0000]*$"), "");
}

/** Text for one text field of a packet. */
export function packetText(): Field<string> {
  const error = `must be text of at most ${TEXT_SIZE} characters of code page 437`;
  const fits = (text: string): boolean => fitsTextField(text) && !text.includes("\0");
  return z.string({ error }).check(z.refine(fits, { error: ({ input }) => error + misfit(String(input), fits) }))
    .register(z.globalRegistry, { maxLength: TEXT_SIZE });
}

/** What it is about `text` that no packet can hold. */
function misfit(text: string, fits: (text: string) => boolean): string {
  const chars = Array.from(text);
  const strange = chars.find((char) => !fits(char));
  return strange === undefined ? `, not ${chars.length}` : `, which has no ${JSON.stringify(strange)}`;
}

export function wholeNumber(least: number, most: number): Field<number, number> {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).check(z.minimum(least, { error }), z.maximum(most, { error }));
}

export function flag(): Field<boolean, boolean> {
  return z.boolean({ error: "must be true or false" });
}

export function choice<const T extends readonly string[]>(...choices: T): Field<T[number], T[number]> {
  const quoted = choices.map((value) => JSON.stringify(value));
  return z.enum(choices, { error: `must be ${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}` });
}

export function list<T extends z.ZodMiniType>(element: T, expected: string): z.ZodMiniArray<T> {
  return z.array(element, { error: `must be an array of ${expected}` });
}

/** Section written `[name]`; a key it does not list is an error. */
export function table<T extends z.core.$ZodLooseShape>(name: string, shape: T): z.ZodMiniObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: `must be a table, written [${name}]` });
}

/** Such a section, read as what `read` makes of it. */
export function section<T extends z.core.$ZodLooseShape, R>(
  name: string,
  shape: T,
  read: (table: z.output<z.ZodMiniObject<T, z.core.$strict>>) => R,
): z.ZodMiniPipe<
  z.ZodMiniObject<T, z.core.$strict>,
  z.ZodMiniTransform<R, z.output<z.ZodMiniObject<T, z.core.$strict>>>
> {
  return z.pipe(table(name, shape), z.transform(read));
}

/** Section written `[[name]]`, any number of times. */
export function tables<T extends z.ZodMiniType>(name: string, entry: T): z.ZodMiniArray<T> {
  return z.array(entry, { error: `must be an array of tables, each written [[${name}]]` });
}

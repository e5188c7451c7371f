/** Salts that outlive restarts, so that keys which were handed out stay valid. */
import { UnusableFileError } from "../config/unusable_file.ts";
import { replaceFile } from "../replace_file.ts";
import { freshSalts, type RetiredSalt, type SaltState } from "./salt_ring.ts";

const SALT_LENGTH = 32;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SALT = "[A-Za-z0-9]{16,64}";
/** The salt of now, which may stand alone. */
const CURRENT = new RegExp(`^(${SALT})(?: made (\\S+)( published)?)?$`);
/** A salt that was replaced. */
const RETIRED = new RegExp(`^(${SALT}) until (\\S+)$`);
/** Stands for the time when the service hears of a newer salt. */
const REPLACED = "replaced";

/**
 * The salts in the file at `path`: the one of now on the first line, then those before it, the youngest first. `undefined` where
 * there is no file.
 *
 * @param now Milliseconds since 1970: the age of a salt that tells none.
 * @throws {UnusableFileError} where the file cannot be read or holds something else, which is not told
 */
export async function readSalts(path: string, now: number): Promise<SaltState | undefined> {
  const text = await read(path);
  if (text === undefined) return undefined;
  const [first = "", ...rest] = text.trim().split("\n");
  const [, salt, made, published] = CURRENT.exec(first) ?? [];
  if (salt === undefined) throw unreadable(path, 1);
  const madeAt = made === undefined ? now : timeIn(made, path, 1);
  const retired = rest.map((line, index): RetiredSalt => {
    const [, old, until] = RETIRED.exec(line) ?? [];
    if (old === undefined || until === undefined) throw unreadable(path, index + 2);
    return { salt: old, until: until === REPLACED ? undefined : timeIn(until, path, index + 2) };
  });
  return { ...freshSalts(salt, madeAt), published: published !== undefined, retired };
}

/** Writes what {@linkcode readSalts} reads, readable by nobody else. */
export async function writeSalts(path: string, { salt, madeAt, published, retired }: SaltState): Promise<void> {
  const lines = [
    `${salt} made ${new Date(madeAt).toISOString()}${published ? " published" : ""}`,
    ...retired.map((old) =>
      `${old.salt} until ${old.until === undefined ? REPLACED : new Date(old.until).toISOString()}`
    ),
  ];
  await replaceFile(path, `${lines.join("\n")}\n`, 0o600);
}

/** 32 letters and digits, of 190 bits. */
export function randomSalt(): string {
  const limit = 256 - 256 % ALPHABET.length;
  let salt = "";
  while (salt.length < SALT_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(SALT_LENGTH))) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte < limit && salt.length < SALT_LENGTH) salt += ALPHABET[byte % ALPHABET.length];
    }
  }
  return salt;
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UnusableFileError(`the salts in ${path}`, error);
  }
}

function timeIn(text: string, path: string, line: number): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw unreadable(path, line);
  return time;
}

function unreadable(path: string, line: number): Error {
  return new UnusableFileError(
    `the salts in ${path}`,
    `line ${line} is none`,
    " (remove the file to have new ones made)",
  );
}

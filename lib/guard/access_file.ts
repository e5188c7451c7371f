/** The ban and allow lists on disk. */
import { messageOf } from "../error_message.ts";
import { ConfigError } from "../config/problem.ts";
import { readTextFile } from "../config/text_file.ts";
import { pause } from "../pause.ts";
import { giveToOwner, replaceFile } from "../replace_file.ts";
import { type Clock, machineClock } from "../clock.ts";
import { countEntries, formatAccess, MOST_ENTRIES, parseAccess } from "./access_format.ts";
import { type AccessEntries, AccessList, isInForce } from "./access_list.ts";

const FILE = "access.toml";
const LOCK = "access.lock";
const OWNER_ONLY = 0o600;
const LARGEST_MIB = 4;
/** Between two looks at the file, in milliseconds. */
const POLL_MS = 1000;
/** Longest wait for another command that edits the file, in milliseconds, and between two tries. */
const LOCK_WAIT_MS = 5000;
const LOCK_RETRY_MS = 20;
const NOTHING: AccessEntries = { ban: [], allow: [] };

/** Why the file could not be edited, for the operator. */
export class AccessFileError extends Error {
  override readonly name = "AccessFileError";
}

export interface WatchOptions {
  /** Told of each new list. */
  readonly onChange: (list: AccessList) => void;
  /** Told why the file cannot be used, the same only once in a row; the last good list stays. */
  readonly onProblem: (message: string) => void;
}

/** Path of the access file in `dataDir`. */
export function accessPath(dataDir: string): string {
  return `${dataDir}/${FILE}`;
}

/** Follows the access file of a data directory. No file is an empty one. */
export class AccessFile {
  readonly #path: string;
  readonly #clock: Clock;
  #list = new AccessList(NOTHING);
  /** Tells apart the versions of the file; `undefined` where there is none. */
  #version: string | undefined;

  constructor(dataDir: string, clock: Clock = machineClock) {
    this.#path = accessPath(dataDir);
    this.#clock = clock;
  }

  /** The last good list; empty at first. */
  get list(): AccessList {
    return this.#list;
  }

  /**
   * Reads the file.
   *
   * @throws {ConfigError} where it cannot be read or is faulty; the last good list stays
   */
  async load(): Promise<void> {
    const version = await versionOf(this.#path);
    const text = version === undefined ? undefined : await readTextFile(this.#path, LARGEST_MIB);
    // A faulty text is not read again before it changes; one that could not be read, as for want of descriptors, is.
    this.#version = version;
    this.#list = new AccessList(entriesIn(this.#path, text));
  }

  /** Looks at the file about once a second from now on and loads it when it has changed. Returns what ends that. */
  watch({ onChange, onProblem }: WatchOptions): () => void {
    let stopped = false;
    let told: string | undefined;
    const look = async (): Promise<void> => {
      try {
        if (await versionOf(this.#path) !== this.#version) {
          await this.load();
          if (!stopped) onChange(this.#list);
        }
        told = undefined;
      } catch (error) {
        const message = messageOf(error);
        if (!stopped && message !== told) onProblem(message);
        told = message;
      }
      if (!stopped) cancel = this.#clock.after(POLL_MS, look);
    };
    let cancel = this.#clock.after(POLL_MS, look);
    return () => {
      stopped = true;
      cancel();
    };
  }
}

/**
 * The entries in `dataDir`, expired ones included.
 *
 * @throws {ConfigError} where the file cannot be read or is faulty
 */
export async function readAccess(dataDir: string): Promise<AccessEntries> {
  return await readEntries(accessPath(dataDir));
}

/**
 * Replaces the entries in `dataDir` by what `edit` makes of those in force at `now`, in milliseconds since 1970. Others who edit at the
 * same time wait for it. Where `edit` returns `undefined` nothing is written. Returns whether something was.
 *
 * @throws {ConfigError} where the file is faulty
 * @throws {AccessFileError} where it cannot be written, would have too many entries, or is locked for too long
 */
export async function editAccess(dataDir: string, now: number, edit: Edit): Promise<boolean> {
  try {
    return await editLocked(dataDir, now, edit);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof AccessFileError || !(error instanceof Error)) throw error;
    throw new AccessFileError(`Cannot edit ${accessPath(dataDir)}: ${error.message}`, { cause: error });
  }
}

/** What becomes of the entries; `undefined` for no change. */
export type Edit = (entries: AccessEntries) => AccessEntries | undefined;

async function editLocked(dataDir: string, now: number, edit: Edit): Promise<boolean> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  using _lock = await lock(dataDir);
  const found = await readAccess(dataDir);
  const inForce = (list: AccessEntries["ban"]): AccessEntries["ban"] => list.filter((entry) => isInForce(entry, now));
  const edited = edit({ ban: inForce(found.ban), allow: inForce(found.allow) });
  if (edited === undefined) return false;
  if (countEntries(edited) > MOST_ENTRIES) {
    throw new AccessFileError(
      `Cannot add entry to ${accessPath(dataDir)} as it has ${MOST_ENTRIES}, the most there may be`,
    );
  }
  await replaceFile(accessPath(dataDir), formatAccess(edited), OWNER_ONLY);
  return true;
}

/** The file is held until it is disposed of, or the process ends. */
async function lock(dataDir: string): Promise<Deno.FsFile> {
  const path = `${dataDir}/${LOCK}`;
  const file = await openLock(path);
  try {
    await giveToOwner(path);
    const deadline = performance.now() + LOCK_WAIT_MS;
    while (!await file.tryLock(true)) {
      if (performance.now() > deadline) {
        throw new AccessFileError(
          `Cannot edit ${accessPath(dataDir)} as another process has held ${path} for ${LOCK_WAIT_MS} ms`,
        );
      }
      await pause(LOCK_RETRY_MS);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Made where there is none, but not where a link leads. */
async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { write: true, createNew: true, mode: OWNER_ONLY });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return await Deno.open(path, { write: true });
    throw error;
  }
}

async function readEntries(path: string): Promise<AccessEntries> {
  return entriesIn(path, await versionOf(path) === undefined ? undefined : await readTextFile(path, LARGEST_MIB));
}

/** `text` is `undefined` where there is no file. */
function entriesIn(path: string, text: string | undefined): AccessEntries {
  return text === undefined ? NOTHING : parseAccess(path, text);
}

/** What changes with each change of the file, also of who may read it; `undefined` where there is none. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { mtime, ctime, size, ino } = await Deno.stat(path);
    return [mtime?.getTime(), ctime?.getTime(), size, ino].join();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // Reading the file says what is wrong.
    return String(error);
  }
}

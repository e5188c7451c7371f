/** The files and directories that a configuration names, looked at without making, changing or binding anything. */
import { dirname, resolve } from "node:path";
import { readAdminAccess } from "../admin/access.ts";
import type { Config } from "../config/schema.ts";
import { UnusableFileError } from "../config/unusable_file.ts";
import { unusableDataDir } from "../data_dir.ts";
import { checkCertificate } from "../transport/tls.ts";
import { mayWrite } from "./may_write.ts";

/** Why an edge would not start with `config`, one error for each file or directory that it could not use. */
export async function unusableFiles({ admin, edge, events, listeners, log }: Config): Promise<UnusableFileError[]> {
  const looks = await Promise.allSettled([
    checkDataDir(edge.dataDir),
    checkAppendFile("log.file", log.file),
    checkAppendFile("events.file", events.file),
    ...listeners.filter(({ tlsCert }) => tlsCert !== "").map((listener) =>
      checkCertificate(listener.tlsCert, listener.tlsKey)
    ),
    admin && readAdminAccess(admin),
  ]);
  const errors = looks.flatMap((look) => look.status === "rejected" ? [look.reason] : []).map((error) => {
    if (error instanceof UnusableFileError) return error;
    throw error;
  });
  // Listeners may share a certificate.
  return errors.filter(({ message }, index) => errors.findIndex((other) => other.message === message) === index);
}

async function checkDataDir(path: string): Promise<void> {
  try {
    const { found, isDirectory } = await nearest(path);
    if (!isDirectory) throw new Error(`'${found}' is no directory`);
    // What is there already may only have to be read.
    if (found !== resolve(path) && !mayWrite(found)) throw new Error(`'${found}' may not be written to`);
  } catch (error) {
    throw unusableDataDir(path, error);
  }
}

/** `path` or, where it does not exist, the nearest directory above that does. */
async function nearest(path: string): Promise<{ readonly found: string; readonly isDirectory: boolean }> {
  const found = resolve(path);
  const info = await existing(found);
  return info === undefined ? await nearest(dirname(found)) : { found, isDirectory: info.isDirectory };
}

/** @param path Empty where there is no such file. */
async function checkAppendFile(key: string, path: string): Promise<void> {
  if (path === "") return;
  try {
    const info = await existing(path);
    const folder = dirname(resolve(path));
    if (info === undefined) {
      if (!(await existing(folder))?.isDirectory) throw new Error(`there is no directory '${folder}' (make it)`);
      if (!mayWrite(folder)) throw new Error(`'${folder}' may not be written to (name a file in another directory)`);
    } else if (info.isFile || info.isDirectory) {
      // Opening anything else, such as a pipe, may wait or be noticed.
      (await Deno.open(path, { append: true })).close();
    }
  } catch (error) {
    throw new UnusableFileError(`${key} '${path}'`, error);
  }
}

async function existing(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

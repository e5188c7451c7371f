/** Writing files that others read at the same time, and that outlive the process. */
import { lchown } from "node:fs/promises";

/**
 * Puts `text` in the place of the file at `path`, whole or not at all, so that nobody ever reads half of it, also not after a power
 * failure. It belongs to the owner of its directory.
 *
 * @param mode Who may read it.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.new`;
  // A file that is there already would keep its mode.
  await Deno.remove(draft).catch(() => {});
  {
    using file = await Deno.open(draft, { write: true, createNew: true, mode });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  }
  await giveToOwner(draft);
  await Deno.rename(draft, path);
}

/**
 * Gives the file at `path` to the owner of its directory: the edge must be able to read what another user, such as root, wrote there.
 * A link is not followed: that owner could have put it there to be given what it leads to.
 */
export async function giveToOwner(path: string): Promise<void> {
  const { uid, gid } = await Deno.stat(path.slice(0, path.lastIndexOf("/")) || "/");
  const file = await Deno.lstat(path);
  if (uid !== null && gid !== null && uid !== file.uid) await lchown(path, uid, gid);
}

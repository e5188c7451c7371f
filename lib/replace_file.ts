/**
 * Puts `text` in the place of the file at `path`, whole or not at all, so that nobody ever reads half of it.
 *
 * @param mode Who may read it.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const unfinished = `${path}.new`;
  // A file that is there already would keep its mode.
  await Deno.remove(unfinished).catch(() => {});
  await Deno.writeTextFile(unfinished, text, { mode, createNew: true });
  await Deno.rename(unfinished, path);
}

/**
 * Whether tests that use `program` are left out: where it is not installed. With CI set they are not left out but fail, so that nothing
 * goes unseen where all is to be shown.
 */
export function isMissing(program: string): boolean {
  if (Deno.env.get("CI") !== undefined) return false;
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return !folders.some((folder) => isFile(`${folder}/${program}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

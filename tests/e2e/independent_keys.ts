/** Keys of names as another program computes them. */

/** Whose key, and under which salt. */
export interface Wanted {
  readonly salt: string;
  readonly name: string;
}

/** The keys of `wanted`, computed by coreutils. */
export async function independentKeys(wanted: readonly Wanted[]): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    const paths = wanted.map((_, index) => `${folder}/${index}`);
    for (const [index, { salt, name }] of wanted.entries()) await Deno.writeTextFile(`${folder}/${index}`, salt + name);
    const { stdout } = await new Deno.Command("md5sum", { args: paths, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.slice(0, 32));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The key of one name, computed by coreutils. */
export async function independentKey(salt: string, name: string): Promise<string> {
  const [key = ""] = await independentKeys([{ salt, name }]);
  return key;
}

/** What a test does. */
type Test = (name: string, test: (t: Deno.TestContext) => void | Promise<void>) => void;

/**
 * Declares tests that use programs beside Deno. They are left out where one is not installed, but with CI set they are not: they fail
 * then, so that nothing goes unseen where all is to be shown.
 */
export function testWith(...programs: readonly string[]): Test {
  const ignore = areLeftOut(...programs);
  return (name, fn) => Deno.test({ name, ignore, fn });
}

/** Whether tests that use `programs` are left out. */
export function areLeftOut(...programs: readonly string[]): boolean {
  return Deno.env.get("CI") === undefined && programs.some((program) => !isInstalled(program));
}

function isInstalled(program: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return program.startsWith("/") ? isFile(program) : folders.some((folder) => isFile(`${folder}/${program}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

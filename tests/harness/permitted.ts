const ROOT = new URL("../../", import.meta.url);

/** Runs `script` as a program that may do what Kurafuto may, and nothing else. Resolves with what it prints; rejects where it fails. */
export async function runPermitted(script: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P", "--no-prompt", "-"],
    cwd: ROOT.pathname,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const errors = new TextDecoder().decode(stderr);
  if (!success || errors !== "") throw new Error(`Cannot run the script: ${errors}`);
  return new TextDecoder().decode(stdout);
}

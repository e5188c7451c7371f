import denoConfig from "../../deno.json" with { type: "json" };

/** What `deno task start` runs, from any directory. */
export function startCommand(): readonly string[] {
  const root = new URL("../../", import.meta.url).pathname;
  const words = denoConfig.tasks.start.command.split(" ");
  return words.slice(0, -1).map((word) =>
    word === "deno" ? Deno.execPath() : word === "main.ts" ? `${root}main.ts` : word
  );
}

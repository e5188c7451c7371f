/** What the Dockerfile says of the image itself, which is its last stage. */
export interface Image {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly volume: string;
  readonly stopSignal: string;
  readonly healthcheck: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Every instruction, with continued lines joined. */
  readonly instructions: readonly { readonly name: string; readonly rest: string }[];
}

/** Reads `packaging/Dockerfile`. */
export async function readDockerfile(): Promise<Image> {
  const text = await Deno.readTextFile(new URL("../../packaging/Dockerfile", import.meta.url));
  const lines = text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n").filter((line) => line !== "");
  const all = lines.map((line) => ({ name: line.split(" ")[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));
  const instructions = all.slice(all.findLastIndex(({ name }) => name === "FROM"));
  const rest = (name: string): string => instructions.find((instruction) => instruction.name === name)?.rest ?? "";
  return {
    env: Object.fromEntries(rest("ENV").split(" ").map((pair) => pair.split("="))),
    user: rest("USER"),
    workdir: rest("WORKDIR"),
    volume: rest("VOLUME"),
    stopSignal: rest("STOPSIGNAL"),
    healthcheck: JSON.parse(rest("HEALTHCHECK").replace(/^.*? CMD /, "")),
    entrypoint: JSON.parse(rest("ENTRYPOINT")),
    cmd: JSON.parse(rest("CMD")),
    instructions,
  };
}

import { z } from "zod";
// @ts-types="../../types/std_yaml.d.ts"
import { parse } from "@std/yaml";
import { parseConfig } from "../../lib/config/load.ts";
import { minimalToml } from "../config/minimal_toml.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { readDockerfile } from "./dockerfile.ts";

const service = z.object({
  build: z.object({ context: z.string(), dockerfile: z.string() }),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  stop_grace_period: z.string().regex(/^\d+s$/),
  volumes: z.array(z.string()),
});

Deno.test("the image is made from nothing but what the script collects, and runs as a user that owns only its data", async () => {
  const image = await readDockerfile();
  const of = (name: string): readonly string[] =>
    image.instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
  assertEquals(of("FROM"), ["scratch"]);
  assertEquals(of("COPY"), [
    "--from=files /rootfs /",
    "LICENSE /usr/share/doc/kurafuto/copyright",
    `--from=files --chown=${image.user} /data ${image.volume}`,
  ]);
  assertMatch(image.user, /^[1-9]\d*:[1-9]\d*$/);
  assertEquals([image.volume, image.workdir, image.env.KURAFUTO_EDGE__DATA_DIR], ["/data", "/data", "/data"]);
  assertEquals([image.entrypoint, image.healthcheck], [["/kurafuto"], ["/kurafuto", "health"]]);
  assertEquals(image.stopSignal, "SIGTERM");
});

Deno.test("what the image is made with is pinned", async () => {
  const text = await Deno.readTextFile("packaging/Dockerfile");
  for (const [, base = ""] of text.matchAll(/^FROM (\S+)/gm)) assertMatch(base, /^(scratch|.+@sha256:[0-9a-f]{64})$/);
});

Deno.test("the Compose example gives the edge its time to drain, and nothing that it does not need", async () => {
  const { services } = z.object({ services: z.object({ kurafuto: service }) })
    .parse(parse(await Deno.readTextFile("packaging/compose.yaml")));
  const { kurafuto } = services;
  const { drainTimeoutMs } = parseConfig(minimalToml(), { path: "" }).config.edge;
  assert(parseInt(kurafuto.stop_grace_period) * 1_000 > drainTimeoutMs);
  assertEquals([kurafuto.read_only, kurafuto.cap_drop, kurafuto.security_opt], [true, ["ALL"], [
    "no-new-privileges:true",
  ]]);
  assertEquals(kurafuto.build, { context: "..", dockerfile: "packaging/Dockerfile" });
  const { volume } = await readDockerfile();
  assert(kurafuto.volumes.includes(`data:${volume}`));
});

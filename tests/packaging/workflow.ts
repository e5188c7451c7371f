/** The workflows of `.github`, as far as tests look at them. */
import { z } from "zod";
// @ts-types="../../types/std_yaml.d.ts"
import { parse } from "@std/yaml";

const permissions = z.record(z.string(), z.enum(["read", "write", "none"]));

const step = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  "working-directory": z.string().optional(),
});

const job = z.strictObject({
  "runs-on": z.string(),
  "timeout-minutes": z.number().optional(),
  permissions: permissions.optional(),
  needs: z.union([z.string().transform((name) => [name]), z.array(z.string())]).default([]),
  strategy: z.strictObject({
    "fail-fast": z.boolean().optional(),
    matrix: z.record(z.string(), z.array(z.unknown())),
  }).optional(),
  defaults: z.unknown().optional(),
  env: z.record(z.string(), z.string()).optional(),
  steps: z.array(step),
});

const workflow = z.strictObject({
  name: z.string(),
  on: z.unknown(),
  permissions,
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), job),
});

/** One workflow. */
export type Workflow = z.infer<typeof workflow>;
/** One job of it. */
export type Job = z.infer<typeof job>;

/** Reads `.github/workflows/<name>.yml`, as text and as what it says. Throws where there is anything that tests do not know. */
export async function readWorkflow(name: string): Promise<{ readonly text: string; readonly workflow: Workflow }> {
  const text = await Deno.readTextFile(new URL(`../../.github/workflows/${name}.yml`, import.meta.url));
  return { text, workflow: workflow.parse(parse(text)) };
}

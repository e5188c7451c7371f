import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { type Job, readWorkflow } from "./workflow.ts";

/** Every one that `deno compile` knows. */
const TARGETS = [
  "aarch64-apple-darwin",
  "aarch64-pc-windows-msvc",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "x86_64-unknown-linux-gnu",
];
/** What a job may write that runs nothing of the repository's. */
const WRITES = {
  publish: { contents: "write", "id-token": "write", attestations: "write" },
  "publish-image": { packages: "write", "id-token": "write", attestations: "write" },
};
const LONGEST_MINUTES = 20;
const { workflow: release } = await readWorkflow("release");

for (const name of ["ci", "release"]) {
  Deno.test(`the workflow ${name} grants nothing to all of it, and each job reads only or checks out nothing`, async () => {
    const { workflow } = await readWorkflow(name);
    assertEquals(workflow.permissions, {});
    for (const [id, { permissions = {} }] of Object.entries(workflow.jobs)) {
      const granted = id in WRITES ? WRITES[id as keyof typeof WRITES] : { contents: "read" };
      assertEquals<unknown>(permissions, granted, id);
    }
  });

  Deno.test(`every action of the workflow ${name} is pinned to one commit, and told by its version`, async () => {
    const { text, workflow } = await readWorkflow(name);
    const lines = text.split("\n").filter((line) => line.includes("uses:"));
    for (const line of lines) assertMatch(line, /^ +- uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    assertEquals(lines.length, Object.values(workflow.jobs).flatMap(actions).length);
  });

  Deno.test(`every job of the workflow ${name} has a limit of time, and no text of others' in its shell`, async () => {
    const { workflow } = await readWorkflow(name);
    for (const [id, job] of Object.entries(workflow.jobs)) {
      const minutes = job["timeout-minutes"] ?? Infinity;
      assert(minutes <= LONGEST_MINUTES, `${id} may take ${minutes} minutes`);
      for (const { run = "" } of job.steps) assertEquals(run.match(/\$\{\{.*?\}\}/g), null, id);
    }
  });

  Deno.test(`no checkout of the workflow ${name} leaves a key behind`, async () => {
    const { workflow } = await readWorkflow(name);
    const checkouts = Object.values(workflow.jobs).flatMap(({ steps }) => steps)
      .filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    for (const { with: options } of checkouts) assertEquals(options, { "persist-credentials": false });
  });
}

Deno.test("what may write runs nothing of the repository's", () => {
  for (const id of Object.keys(WRITES)) {
    const job = jobOf(id);
    const foreign = actions(job).filter((name) =>
      !/^actions\/(download-artifact|attest-build-provenance|attest-sbom)$/.test(name)
    );
    assertEquals(foreign, []);
    for (const { run = "" } of job.steps) assertEquals(/\b(deno|npx|npm|packaging|tests)\b/.test(run), false, run);
  }
});

Deno.test("a release has an executable for each of the six targets, made with the permissions of deno.json and the locked packages", () => {
  const build = jobOf("build");
  assertEquals(build.strategy?.matrix["target"]?.toSorted(), TARGETS);
  const compile = build.steps.map(({ run = "" }) => run).filter((run) => run.startsWith("deno compile"));
  assertEquals(compile.map((run) => run.split(" ").slice(2, 5)), [["-P", "--no-prompt", "--frozen"]]);
});

Deno.test("each executable is tried on a machine of its own kind, before anything is published", () => {
  const tried = jobOf("smoke").strategy?.matrix["include"] ?? [];
  const runners = tried.map((entry) => {
    const { target = "", runner = "" } = entry as { target?: string; runner?: string };
    const system = {
      linux: "ubuntu",
      darwin: "macos",
      msvc: "windows",
    }[target.split("-").at(target.endsWith("gnu") ? -2 : -1) ?? ""];
    assertMatch(runner, new RegExp(`^${system}-`));
    // Machines for aarch64 have "arm" in their names, save for Apple's, whose others have "intel".
    const isArm = system === "macos" ? !runner.endsWith("-intel") : runner.endsWith("-arm");
    assertEquals(isArm, target.startsWith("aarch64"), runner);
    return target;
  });
  assertEquals(runners.sort(), TARGETS);
  assertEquals(jobOf("publish").needs, ["build", "bill", "smoke", "image"]);
  assertEquals(jobOf("publish-image").needs, ["publish"]);
});

Deno.test("what is published can be verified: sums, provenance of the archives and the image, and the bill of materials", () => {
  const uses = (id: string): readonly string[] =>
    actions(jobOf(id)).filter((name) => name.startsWith("actions/attest"));
  assertEquals(uses("publish"), ["actions/attest-build-provenance", "actions/attest-sbom"]);
  assertEquals(uses("publish-image"), ["actions/attest-build-provenance"]);
  assert(jobOf("publish").steps.some(({ run }) => run === "sha256sum kurafuto* >SHA256SUMS"));
});

function jobOf(id: string): Job {
  const job = release.jobs[id];
  if (job === undefined) throw new Error(`Cannot find job '${id}'`);
  return job;
}

/** Names of the actions that a job uses. */
function actions({ steps }: Job): readonly string[] {
  return steps.flatMap(({ uses }) => uses?.split("@")[0] ?? []);
}

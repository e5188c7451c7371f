import manifest from "../../deno.json" with { type: "json" };
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/** Packages of deno.json that only tests need. */
const OF_TESTS = ["ajv", "axe-core", "minecraft-classic-protocol", "playwright-core", "ws"];

Deno.test("the bill of materials lists Deno and the packages that the executable has, with their hashes, and none of tests", async () => {
  const bill = await makeBill();
  assertEquals([bill.bomFormat, bill.specVersion], ["CycloneDX", "1.6"]);
  assertEquals([bill.metadata.component.name, bill.metadata.component.version], ["kurafuto", manifest.version]);
  const [deno, ...packages] = bill.components;
  assertEquals([deno?.name, deno?.version], ["deno", Deno.version.deno]);
  const names = packages.map(({ name }) => name);
  for (const name of Object.keys(manifest.imports)) {
    if (!name.startsWith("@std/") && name !== "prom-client") {
      assertEquals(names.includes(name), !OF_TESTS.includes(name), name);
    }
  }
  const lock = JSON.parse(await Deno.readTextFile("deno.lock"));
  for (const { name, version, purl, hashes } of packages) {
    assertEquals(purl, `pkg:npm/${name.replace("@", "%40")}@${version}`);
    const [{ alg, content } = { alg: "", content: "" }] = hashes ?? [];
    assertMatch(content, /^[0-9a-f]{128}$/);
    assertEquals([alg, `sha512-${Uint8Array.fromHex(content).toBase64()}`], [
      "SHA-512",
      lock.npm[`${name}@${version}`].integrity,
    ]);
  }
});

Deno.test("every part of the bill is there for a reason: the executable needs it, or a part that it needs", async () => {
  const bill = await makeBill();
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set<string>();
  const reach = (ref: string): void => {
    if (reached.has(ref)) return;
    reached.add(ref);
    needs.get(ref)?.forEach(reach);
  };
  reach(bill.metadata.component["bom-ref"]);
  assertEquals(
    [...reached].sort(),
    [bill.metadata.component, ...bill.components].map((part) => part["bom-ref"]).sort(),
  );
  assert(reached.size > 5);
});

async function makeBill(): Promise<Bill> {
  const args = ["run", "--quiet", "--allow-read", "--allow-run", "packaging/sbom.ts"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(`Cannot make the bill of materials: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

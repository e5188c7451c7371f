/**
 * Prints the bill of materials of the executable, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): Deno, and the packages that main.ts
 * needs, as locked in deno.lock. Needs `--allow-read` and `--allow-run`.
 */
import manifest from "../deno.json" with { type: "json" };

/** What `deno info --json` tells of the program. Packages are told apart by keys, which deno.lock has as well. */
interface Info {
  readonly modules: readonly { readonly npmPackage?: string }[];
  /** Everything that deno.json names, for tests as well. */
  readonly npmPackages: Readonly<Record<string, Package>>;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
}

/** The part of deno.lock that matters here. */
interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

const ROOT = new URL("..", import.meta.url);
const [{ modules, npmPackages }, lock] = await Promise.all([askDeno(), readLock()]);
const direct = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
const needed = closure(direct);
const self = `${manifest.name}@${manifest.version}`;
const deno = `pkg:github/denoland/deno@v${Deno.version.deno}`;
const bill = {
  $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    component: {
      type: "application",
      "bom-ref": self,
      name: manifest.name,
      version: manifest.version,
      licenses: [{ license: { id: manifest.license } }],
    },
  },
  components: [
    { type: "platform", "bom-ref": deno, name: "deno", version: Deno.version.deno, purl: deno },
    ...needed.map((key) => {
      const { name, version } = packageOf(key);
      const hashes = [{ alg: "SHA-512", content: sha512(key) }];
      return { type: "library", "bom-ref": purl(key), name, version, purl: purl(key), hashes };
    }),
  ],
  dependencies: [
    { ref: self, dependsOn: [deno, ...[...direct].sort().map(purl)] },
    ...needed.map((key) => ({ ref: purl(key), dependsOn: packageOf(key).dependencies.map(purl) })),
  ],
};
console.log(JSON.stringify(bill, undefined, 2));

async function askDeno(): Promise<Info> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", "main.ts"], cwd: ROOT });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot list the packages: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function readLock(): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
}

/** Packages that are needed by `keys`, and by those that they need, and so on, in order. */
function closure(keys: Iterable<string>): readonly string[] {
  const found = new Set(keys);
  for (const key of found) for (const dependency of packageOf(key).dependencies) found.add(dependency);
  return [...found].sort();
}

function packageOf(key: string): Package {
  const found = npmPackages[key];
  if (found === undefined) throw new Error(`Cannot describe package '${key}': Deno does not know it`);
  return found;
}

/** https://github.com/package-url/purl-spec */
function purl(key: string): string {
  const { name, version } = packageOf(key);
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** Hexadecimal. The lock file has `sha512-` and base64. */
function sha512(key: string): string {
  const integrity = lock.npm[key]?.integrity ?? "";
  if (!integrity.startsWith("sha512-")) throw new Error(`Cannot tell the hash of '${key}': it is '${integrity}'`);
  return Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex();
}

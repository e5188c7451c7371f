/** A certificate for `localhost` that claims to be by an authority which everybody trusts, and is not. */
export interface Impostor {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** As in the authority's own certificate, to the kind of its strings: they are compared byte by byte. */
const AUTHORITY = "/C=US/O=Internet Security Research Group/CN=ISRG Root X1";
const PRINTABLE_STRINGS = "[req]\nstring_mask = default\ndistinguished_name = name\n[name]\n";

/** Makes one, with openssl. */
export async function makeImpostor(): Promise<Impostor> {
  const folder = await Deno.makeTempDir({ prefix: "certificate-" });
  const path = (name: string): string => `${folder}/${name}`;
  await Deno.writeTextFile(path("openssl.cnf"), PRINTABLE_STRINGS);
  const request = ["req", "-config", path("openssl.cnf"), "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  await openssl(...request, "-subj", AUTHORITY, "-keyout", path("authority-key.pem"), "-out", path("authority.pem"));
  const signer = ["-CA", path("authority.pem"), "-CAkey", path("authority-key.pem")];
  const extensions = ["subjectAltName=DNS:localhost", "basicConstraints=critical,CA:FALSE"];
  const leaf = ["-subj", "/CN=localhost", ...extensions.flatMap((text) => ["-addext", text]), ...signer];
  await openssl(...request, ...leaf, "-keyout", path("key.pem"), "-out", path("cert.pem"));
  const [cert, key] = await Promise.all([Deno.readTextFile(path("cert.pem")), Deno.readTextFile(path("key.pem"))]);
  await Deno.remove(folder, { recursive: true });
  return { cert, key };
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stdin: "null", stderr: "piped" }).output();
  if (!success) throw new Error(`Cannot make certificate: ${new TextDecoder().decode(stderr)}`);
}

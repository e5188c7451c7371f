/** Makes a certificate authority and a certificate for `localhost` and 127.0.0.1, valid for two days, with openssl. */
export interface Certificate extends AsyncDisposable {
  /** PEM files. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly authorityPath: string;
  /** The authority in PEM. */
  readonly authority: string;
}

/** The files are in a temporary folder, which goes with them. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await Deno.makeTempDir({ prefix: "certificate-" });
  const [certPath, keyPath] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const [authorityPath, authorityKeyPath] = [`${folder}/authority.pem`, `${folder}/authority-key.pem`];
  const ofKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await openssl("req", "-x509", ...ofKey, "-keyout", authorityKeyPath, "-out", authorityPath, "-subj", "/CN=Authority");
  const extensions = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
  const signer = ["-CA", authorityPath, "-CAkey", authorityKeyPath, ...extensions.flatMap((text) => ["-addext", text])];
  await openssl("req", "-x509", ...ofKey, "-keyout", keyPath, "-out", certPath, "-subj", "/CN=localhost", ...signer);
  return {
    certPath,
    keyPath,
    authorityPath,
    authority: await Deno.readTextFile(authorityPath),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stdin: "null", stderr: "piped" }).output();
  if (!success) throw new Error(`Cannot make certificate: ${new TextDecoder().decode(stderr)}`);
}

/** Salts that outlive restarts, so that keys which were handed out stay valid. */
const SALT_LENGTH = 32;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SALT = /^[A-Za-z0-9]{16,64}$/;

/**
 * The salt of a listener, from `dataDir`; made and written there, readable by nobody else, where there is none yet.
 *
 * @throws {Error} where the file cannot be read or written, or holds something else
 */
export async function loadSalt(dataDir: string, listener: string): Promise<string> {
  const path = `${dataDir}/salt-${listener}`;
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const salt = await read(path) ?? await create(path);
  if (!SALT.test(salt)) throw new Error(`Cannot use salt in ${path}: it must be 16 to 64 letters and digits`);
  return salt;
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function create(path: string): Promise<string> {
  const salt = randomSalt();
  await Deno.writeTextFile(path, `${salt}\n`, { createNew: true, mode: 0o600 });
  return salt;
}

function randomSalt(): string {
  const limit = 256 - 256 % ALPHABET.length;
  let salt = "";
  while (salt.length < SALT_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(SALT_LENGTH))) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte < limit && salt.length < SALT_LENGTH) salt += ALPHABET[byte % ALPHABET.length];
    }
  }
  return salt;
}

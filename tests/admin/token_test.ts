import { readAdminAccess } from "../../lib/admin/access.ts";
import { readToken, Token } from "../../lib/admin/token.ts";
import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { parseAddress } from "../../lib/config/address.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";

const SECRET = "0123456789abcdef";

/** A file with that text and mode, for as long as `work` takes. */
async function withFile<T>(text: string | Uint8Array, mode: number, work: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await (typeof text === "string" ? Deno.writeTextFile(path, text) : Deno.writeFile(path, text));
    await Deno.chmod(path, mode);
    return await work(path);
  } finally {
    await Deno.remove(path);
  }
}

for (const text of [SECRET, `${SECRET}\n`, `${SECRET}\r\n`]) {
  Deno.test(`the token file ${JSON.stringify(text)} holds ${SECRET}`, async () => {
    const token = await withFile(text, 0o600, readToken);
    assert(token.matches(SECRET));
    for (const wrong of [text + "\n", "", SECRET.slice(1), SECRET + "0"]) assert(!token.matches(wrong));
  });
}

const WORDS = "it must be printable ASCII without spaces, on one line";
const bad: readonly (readonly [what: string, text: string | Uint8Array, mode: number, why: string])[] = [
  ["that is empty", "", 0o600, "it must have 16 to 1024 characters: current value has 0"],
  ["with an empty line", "\n", 0o600, "it must have 16 to 1024 characters: current value has 0"],
  ["with 15 characters", SECRET.slice(1), 0o600, "it must have 16 to 1024 characters: current value has 15"],
  ["with 1025 characters", "x".repeat(1025), 0o600, "it must have 16 to 1024 characters: current value has 1025"],
  ["of a megabyte", "x".repeat(1 << 20), 0o600, "it must have 16 to 1024 characters"],
  ["with two lines", `${SECRET}\n${SECRET}\n`, 0o600, WORDS],
  ["with an empty line behind", `${SECRET}\n\n`, 0o600, WORDS],
  ["with a space", `${SECRET} ${SECRET}`, 0o600, WORDS],
  ["that is no text", new Uint8Array(32).fill(0xff), 0o600, WORDS],
  ["that the group may read", SECRET, 0o640, "others than its owner may use it, so do chmod 600: current mode is 0640"],
  ["that everybody may read", SECRET, 0o604, "others than its owner may use it, so do chmod 600: current mode is 0604"],
  ["that others may write", SECRET, 0o602, "others than its owner may use it, so do chmod 600: current mode is 0602"],
];

for (const [what, text, mode, why] of bad) {
  Deno.test(`a token file ${what} is refused, and what it holds is not told`, async () => {
    await withFile(text, mode, async (path) => {
      const { message } = await assertRejects(
        () => readToken(path),
        Error,
        `Cannot use admin.token_file '${path}': ${why}`,
      );
      assert(!message.includes(SECRET.slice(1)));
    });
  });
}

Deno.test("a token file that is missing or is a folder is refused", async () => {
  await assertRejects(
    () => readToken("/nonexistent/token"),
    UnusableFileError,
    "Cannot use admin.token_file '/nonexistent/token': ",
  );
  const folder = await Deno.makeTempDir();
  await assertRejects(() => readToken(folder), Error, "Cannot use admin.token_file");
  await Deno.remove(folder);
});

Deno.test("the token of [admin] is read from its file, and demanded beyond loopback", async () => {
  const rules = { hosts: ["admin.example"], requestRate: { count: 1, windowMs: 1000 } };
  await withFile(SECRET, 0o600, async (tokenFile) => {
    const { token, ...rest } = await readAdminAccess({ bind: parseAddress("0.0.0.0:8080"), tokenFile, ...rules });
    assertEquals([token?.matches(SECRET), rest], [true, rules]);
  });
  const without = (bind: string): ReturnType<typeof readAdminAccess> =>
    readAdminAccess({ bind: parseAddress(bind), tokenFile: "", ...rules });
  assertEquals((await without("127.0.0.1:8080")).token, undefined);
  assertEquals((await without("unix:/run/admin.sock")).token, undefined);
  await assertRejects(() => without("192.0.2.7:8080"), Error, "beyond loopback without admin.token_file");
});

Deno.test("a token is not shown", () => {
  assertEquals(Deno.inspect(new Token(SECRET)).includes(SECRET), false);
});

import { keyOf, verifyKey } from "../../lib/auth/mppass.ts";
import { assertEquals } from "../harness/assert.ts";

/** A hash of eight leading zeros. */
const ZEROS = { salt: "jk8", name: "ssl", key: "0000000018e6137ac2caab16074784a6" };

Deno.test("a key is the MD5 of salt and name", () => {
  // Of RFC 1321.
  assertEquals(keyOf("", ""), "d41d8cd98f00b204e9800998ecf8427e");
  assertEquals(keyOf("a", "bc"), "900150983cd24fb0d6963f7d28e17f72");
  assertEquals(keyOf("message ", "digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  assertEquals(keyOf(ZEROS.salt, ZEROS.name), ZEROS.key);
});

Deno.test("a key proves its name in either case, with or without its leading zeros", () => {
  const { salt, name, key } = ZEROS;
  const spellings = [key, key.toUpperCase(), key.slice(1), key.slice(8), key.slice(8).toUpperCase()];
  for (const spelling of spellings) assertEquals(verifyKey(salt, name, spelling), true, spelling);
});

Deno.test("nothing else proves a name", () => {
  const { salt, name, key } = ZEROS;
  const others = [
    "",
    "-",
    "0",
    "(none)",
    "0".repeat(32),
    key.slice(9),
    key.slice(0, -1),
    `${key}0`,
    `0${key}`,
    `${key.slice(0, -1)}7`,
    `1${key.slice(1)}`,
    ` ${key}`,
    `${key}\n`,
    `${key.slice(0, -1)}g`,
    `${key.slice(0, -1)}é`,
    "é".repeat(16),
    keyOf(salt, name.toUpperCase()),
    keyOf(salt, "Bob"),
    keyOf("", name),
    keyOf(name, salt),
  ];
  for (const other of others) assertEquals(verifyKey(salt, name, other), false, other);
});

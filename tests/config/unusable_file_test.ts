import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("a file that cannot be used is told with its key, its path, and why in words that mean something to its owner", () => {
  const message = (cause: unknown): string => new UnusableFileError("log.file '/x'", cause, " (name another)").message;
  assertEquals(message(new Error("disk full")), "Cannot use log.file '/x': disk full (name another)");
  assertEquals(message("line 1 is none"), "Cannot use log.file '/x': line 1 is none (name another)");
  const denied = new Deno.errors.NotCapable("Requires all access, run again with the --allow-all flag");
  assertEquals(message(denied), "Cannot use log.file '/x': it is one of the system's own (name another)");
});

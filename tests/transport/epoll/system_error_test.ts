import { EACCES, ECONNRESET, EMFILE } from "../../../lib/transport/epoll/libc.ts";
import { systemError } from "../../../lib/transport/epoll/system_error.ts";
import { isOwnShortage } from "../../../lib/transport/dial.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

Deno.test("an error is of the kind that Deno's own sockets throw, and has its code", () => {
  const reset = systemError(ECONNRESET, "Connection reset by peer (os error 104)");
  assert(reset instanceof Deno.errors.ConnectionReset && "code" in reset);
  assertEquals([reset.message, reset.code], ["Connection reset by peer (os error 104)", "ECONNRESET"]);
  assert(systemError(EACCES, "Permission denied (os error 13)") instanceof Deno.errors.PermissionDenied);
});

Deno.test("a want of descriptors is told apart from everything else", () => {
  assert(isOwnShortage(systemError(EMFILE, "Too many open files (os error 24)")));
  assert(!isOwnShortage(systemError(ECONNRESET, "Connection reset by peer (os error 104)")));
});

Deno.test("an error of another kind has its words and no code", () => {
  const error = systemError(22, "Invalid argument (os error 22)");
  assertEquals([error.message, "code" in error], ["Invalid argument (os error 22)", false]);
});

import * as libc from "./libc.ts";
import type { Libc } from "./libc.ts";

const CODES: ReadonlyMap<number, readonly [code: string, kind: new (message: string) => Error]> = new Map([
  [libc.ENOENT, ["ENOENT", Deno.errors.NotFound]],
  [libc.EACCES, ["EACCES", Deno.errors.PermissionDenied]],
  [libc.ENFILE, ["ENFILE", Error]],
  [libc.EMFILE, ["EMFILE", Error]],
  [libc.EPIPE, ["EPIPE", Deno.errors.BrokenPipe]],
  [libc.EADDRINUSE, ["EADDRINUSE", Deno.errors.AddrInUse]],
  [libc.EADDRNOTAVAIL, ["EADDRNOTAVAIL", Deno.errors.AddrNotAvailable]],
  [libc.ECONNABORTED, ["ECONNABORTED", Deno.errors.ConnectionAborted]],
  [libc.ECONNRESET, ["ECONNRESET", Deno.errors.ConnectionReset]],
  [libc.ENOTCONN, ["ENOTCONN", Deno.errors.NotConnected]],
  [libc.ETIMEDOUT, ["ETIMEDOUT", Deno.errors.TimedOut]],
  [libc.ECONNREFUSED, ["ECONNREFUSED", Deno.errors.ConnectionRefused]],
]);

/** The error that Deno's own sockets have for `errno`: same kind, same words, same `code`. */
export function systemError(errno: number, words: string): Error {
  const [code, kind] = CODES.get(errno) ?? [undefined, Error];
  const error = new kind(words);
  return code === undefined ? error : Object.assign(error, { code });
}

/** `result` of a call, unless it is `-errno`: then that error is thrown. */
export function checked(libc: Libc, result: number): number {
  if (result < 0) throw systemError(-result, libc.describe(-result));
  return result;
}

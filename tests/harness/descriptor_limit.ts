const RLIMIT_NOFILE = 7;

/** Lets the process `pid` have at most `count` descriptors from now on; those it has stay. Returns the limit of before. Linux only. */
export function limitDescriptors(pid: number, count: number): number {
  const libc = Deno.dlopen("libc.so.6", {
    prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  });
  const limits = new BigUint64Array(2);
  const read = libc.symbols.prlimit(pid, RLIMIT_NOFILE, null, limits);
  const before = Number(limits[0]);
  limits[0] = BigInt(count);
  const written = libc.symbols.prlimit(pid, RLIMIT_NOFILE, limits, null);
  libc.close();
  if (read !== 0 || written !== 0) throw new Error(`Cannot limit descriptors of process ${pid}: prlimit failed`);
  return before;
}

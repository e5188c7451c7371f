import { trustedExecutable } from "../../lib/handover/executable.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

const linuxTest = (name: string, fn: () => void): void => Deno.test({ name, ignore: Deno.build.os !== "linux", fn });

/** A folder of this user, and a file in it. */
function place(): { readonly folder: string; readonly file: string; readonly user: number | null } {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const file = `${folder}/program`;
  Deno.writeTextFileSync(file, "", { mode: 0o755 });
  return { folder, file, user: Deno.statSync(file).uid };
}

linuxTest("an executable that only root and this user can change may be started, by its real path", () => {
  const { folder, file, user } = place();
  Deno.symlinkSync(file, `${folder}/link`);
  assertEquals(trustedExecutable(`${folder}/link`, user), file);
  assertEquals(trustedExecutable("/bin/sh", user), Deno.realPathSync("/bin/sh"));
});

linuxTest("one that others may write, or that stands in a folder where they may, is not", () => {
  for (const mode of [0o775, 0o757]) {
    const { folder, file, user } = place();
    Deno.chmodSync(file, mode);
    assertThrows(() => trustedExecutable(file, user), Error, file);
    Deno.chmodSync(file, 0o755);
    Deno.chmodSync(folder, mode);
    assertThrows(() => trustedExecutable(file, user), Error, `others than root and the edge's user may change it`);
    Deno.chmodSync(folder, 0o1777);
    assertEquals(trustedExecutable(file, user), file);
  }
});

linuxTest("one of another user is not, nor one that is not there", () => {
  const { folder, file, user } = place();
  if (user === 0) Deno.chownSync(file, 65_534, null);
  assertThrows(() => trustedExecutable(file, user === 0 ? user : 65_534), Error, "Cannot start");
  assertThrows(() => trustedExecutable(`${folder}/none`, user), Deno.errors.NotFound);
});

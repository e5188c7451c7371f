import { formatAddress } from "../../lib/config/address.ts";
import { type Opening, openUnhindered } from "../../lib/succession/openings.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { assertEquals, assertRejects } from "../harness/assert.ts";

const ADMIN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
const IN_USE = new Deno.errors.AddrInUse("taken");

/** An opening at {@linkcode ADMIN} that fails so; with `undefined` it does not. */
function opening(what: string, fault?: Error): Opening {
  return { what, open: () => fault === undefined ? Promise.resolve() : Promise.reject(fault) };
}

async function hindered(openings: readonly Opening[], leaving: readonly string[] | undefined): Promise<string[]> {
  return (await openUnhindered(openings, leaving)).map(({ what }) => what);
}

Deno.test("what the process before has at that address waits, and the rest is opened", async () => {
  const openings = [opening("heartbeat_absorber"), opening("admin", new BindError("admin", ADMIN, IN_USE))];
  for (const leaving of [[formatAddress(ADMIN)], ["unix:/run/k", "0.0.0.0:8080"], undefined]) {
    assertEquals(await hindered(openings, leaving), ["admin"]);
  }
  assertEquals(await hindered([opening("admin")], []), []);
});

Deno.test("an address that another program has, or that cannot be bound at all, is waited for by nobody", async () => {
  for (const leaving of [[], ["127.0.0.1:8081"], ["127.0.0.2:8080", "unix:/run/k"]]) {
    const taken = opening("admin", new BindError("admin", ADMIN, IN_USE));
    await assertRejects(() => openUnhindered([taken], leaving), BindError, "Cannot bind admin to 127.0.0.1:8080");
  }
  const denied = opening("admin", new BindError("admin", ADMIN, new Deno.errors.PermissionDenied("no")));
  await assertRejects(() => openUnhindered([denied], undefined), BindError, "no");
  await assertRejects(() => openUnhindered([opening("admin", new Error("no token"))], undefined), Error, "no token");
});

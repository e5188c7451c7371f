import { bindLater } from "../../lib/succession/bind_later.ts";
import { BindError } from "../../lib/transport/bind_error.ts";
import { assertEquals, assertRejects } from "../harness/assert.ts";

const ADDRESS = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

Deno.test("an address that is in use is tried again until it is left", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  let tries = 0;
  let bound: Deno.TcpListener | undefined;
  await bindLater(() => {
    if (++tries === 3) listener.close();
    try {
      bound = Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      throw new BindError("admin", { ...ADDRESS, port }, error);
    }
  });
  bound?.close();
  assertEquals(tries, 3);
});

Deno.test("what another try would not mend is not tried again", async () => {
  let tries = 0;
  const bind = (): Promise<void> => {
    tries++;
    return Promise.reject(new BindError("admin", ADDRESS, new Deno.errors.PermissionDenied("no")));
  };
  await assertRejects(() => bindLater(bind), BindError, "no");
  assertEquals(tries, 1);
});

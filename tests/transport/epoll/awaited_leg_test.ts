import { AwaitedLeg } from "../../../lib/transport/epoll/awaited_leg.ts";
import type { LegSocket } from "../../../lib/transport/leg.ts";
import { Beat } from "../../../lib/transport/beat.ts";
import { Nap } from "../../../lib/transport/nap.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { FakeConn } from "../fake_conn.ts";
import { Ground } from "./ground.ts";

Deno.test("what another leg lends is written as it was, although that leg reads on", async () => {
  await using ground = new Ground();
  const conn = new FakeConn();
  const gone = Promise.withResolvers<void>();
  const ignored = (): void => {};
  const leg: LegSocket = new AwaitedLeg(
    conn,
    { asked: undefined, bytes: ignored, ended: ignored, failed: ignored, drained: ignored, gone: gone.resolve },
    { beat: new Beat(), nap: new Nap() },
    ground.loop,
  );
  const shared = Uint8Array.of(1, 2, 3);
  leg.write(shared, true);
  shared.fill(0);
  assert(!leg.holdsLent);
  leg.flush();
  await Promise.resolve();
  assertEquals([...conn.taken], [1, 2, 3]);
  leg.start();
  leg.abort();
  await gone.promise;
});

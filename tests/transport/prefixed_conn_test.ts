import { PrefixedConn } from "../../lib/transport/prefixed_conn.ts";
import { assertEquals } from "../harness/assert.ts";
import { FakeConn } from "./fake_conn.ts";

/** A connection that reads the numbers 100, 101 and so on, one at a time, up to 102. */
class CountingConn extends FakeConn {
  #next = 100;

  override read(buffer: Uint8Array): Promise<number | null> {
    if (this.#next > 102) return Promise.resolve(null);
    buffer[0] = this.#next++;
    return Promise.resolve(1);
  }
}

for (const size of [1, 2, 3, 4, 10]) {
  for (const length of [0, 1, 3, 4]) {
    Deno.test(`a prefix of ${length} bytes is read first, with a buffer of ${size} bytes`, async () => {
      const prefix = Uint8Array.from({ length }, (_, index) => index);
      const conn = new PrefixedConn(new CountingConn(), prefix);
      const buffer = new Uint8Array(size);
      const got: number[] = [];
      for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
        got.push(...buffer.subarray(0, count));
      }
      assertEquals(got, [...prefix, 100, 101, 102]);
    });
  }
}

Deno.test("a prefixed connection writes and closes like the one inside", async () => {
  const inner = new FakeConn();
  inner.takes = 2;
  const conn = new PrefixedConn(inner, Uint8Array.of(1));
  assertEquals(await conn.write(Uint8Array.of(7, 8, 9)), 2);
  await conn.closeWrite();
  conn.close();
  assertEquals([...inner.taken], [7, 8]);
  assertEquals(inner.calls, ["closeWrite", "close"]);
});

Deno.test("a prefixed connection passes on settings, where there are any", () => {
  const settings: unknown[] = [];
  const inner = Object.assign(new FakeConn(), {
    setNoDelay: (on?: boolean): void => void settings.push(["noDelay", on]),
    setKeepAlive: (on?: boolean): void => void settings.push(["keepAlive", on]),
  });
  for (const conn of [inner, new FakeConn()].map((one) => new PrefixedConn(one, new Uint8Array(0)))) {
    conn.setNoDelay(true);
    conn.setKeepAlive(false);
  }
  assertEquals(settings, [["noDelay", true], ["keepAlive", false]]);
});

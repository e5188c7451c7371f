import { Beat } from "../../lib/transport/beat.ts";
import { Listener } from "../../lib/transport/listener.ts";
import { Turnstile } from "../../lib/transport/turnstile.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";
import { Waits } from "../harness/waits.ts";

const NO_PACE = { turn: (): Promise<void> => Promise.resolve(), take: (): void => {} };

/** What a listener has told. */
class Heard {
  readonly accepted: Deno.TcpConn[] = [];
  readonly failures: unknown[] = [];
  /** Peers that were gone before they were accepted. */
  missed = 0;
  /** What part of a beat each connection is said to take. */
  share = 0;
  /** Thrown by the next call of the listener's owner. */
  fault: Error | undefined;
  readonly #waits = new Waits(() => `${this.accepted.length} were accepted, ${this.failures.length} failed`);

  readonly events = {
    accepted: (conn: Deno.TcpConn): number => {
      this.accepted.push(conn);
      this.#waits.changed();
      const { fault } = this;
      this.fault = undefined;
      if (fault !== undefined) throw fault;
      return this.share;
    },
    missed: (): void => {
      this.missed++;
    },
    failed: (error: unknown): void => {
      this.failures.push(error);
      this.#waits.changed();
    },
  };

  async connections(count: number): Promise<void> {
    await this.#waits.until(() => this.accepted.length === count, `${count} connections`);
  }

  [Symbol.dispose](): void {
    for (const conn of this.accepted) conn.close();
  }
}

/** What accept says in a process without descriptors. */
const NO_DESCRIPTORS = new Error("Too many open files (os error 24)");

/** Runs `test` while the first `failures` calls of accept fail with `error`. */
async function withFailingAccept(failures: number, error: Error, test: () => Promise<void>): Promise<void> {
  const { listen } = Deno;
  Deno.listen = ((options: Deno.TcpListenOptions) => {
    const listener = listen(options);
    const accept = listener.accept.bind(listener);
    listener.accept = () => failures-- > 0 ? Promise.reject(error) : accept();
    return listener;
  }) as typeof Deno.listen;
  try {
    await test();
  } finally {
    Deno.listen = listen;
  }
}

Deno.test("a listener tells the port it got and hands over every connection", async () => {
  using heard = new Heard();
  const listener = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
  const { address } = listener;
  const clients = await Promise.all([1, 2, 3].map(() => Deno.connect(address)));
  await heard.connections(3);
  const ports = heard.accepted.map(({ remoteAddr }) => remoteAddr.port);
  assertEquals(ports.toSorted(), clients.map(({ localAddr }) => localAddr.port).toSorted());
  await listener.close();
  for (const client of clients) client.close();
});

Deno.test("a listener goes on after connections that could not be accepted", async () => {
  await withFailingAccept(2, NO_DESCRIPTORS, async () => {
    using heard = new Heard();
    const listener = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
    const start = performance.now();
    using _client = await Deno.connect(listener.address);
    await heard.connections(1);
    assertEquals(heard.failures.map(String), Array(2).fill("Error: Too many open files (os error 24)"));
    assert(performance.now() - start >= 190, "the listener did not pause between its attempts");
    await listener.close();
  });
});

Deno.test("a listener goes on after an error of its owner", async () => {
  using heard = new Heard();
  const listener = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
  heard.fault = new TypeError("owner's mistake");
  using _first = await Deno.connect(listener.address);
  using _second = await Deno.connect(listener.address);
  await heard.connections(2);
  assertEquals(heard.failures.map(String), ["TypeError: owner's mistake"]);
  await listener.close();
});

Deno.test("a closed listener accepts no more, reports nothing and frees its port", async () => {
  using heard = new Heard();
  const listener = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
  const { address } = listener;
  await listener.close();
  await listener.close();
  assertEquals(heard.failures, []);
  const again = new Listener("127.0.0.1", address.port, heard.events, NO_PACE);
  assertEquals(again.address, address);
  await again.close();
});

Deno.test("a listener on a port in use throws at once", async () => {
  using heard = new Heard();
  const first = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
  assertThrows(() => new Listener("127.0.0.1", first.address.port, heard.events, NO_PACE), Deno.errors.AddrInUse);
  await first.close();
});

Deno.test("peers that were gone before they were accepted are counted, and delay nobody", async () => {
  const gone = new Deno.errors.NotConnected("Transport endpoint is not connected (os error 107)");
  await withFailingAccept(500, gone, async () => {
    using heard = new Heard();
    const listener = new Listener("127.0.0.1", 0, heard.events, NO_PACE);
    using _conn = await Deno.connect(listener.address);
    // Were it to pause after each of them, this would be given up long before.
    await heard.connections(1);
    assertEquals([heard.missed, heard.failures], [500, []]);
    await listener.close();
  });
});

for (const [share, perBeat] of [[1 / 4, 4], [1, 1]] as const) {
  Deno.test(`connections that take ${share} of a beat are accepted at ${perBeat} a beat`, async () => {
    using heard = new Heard();
    heard.share = share;
    const beat = new Beat();
    const listener = new Listener("127.0.0.1", 0, heard.events, new Turnstile(beat));
    const conns = await Promise.all(Array.from({ length: 20 }, () => Deno.connect(listener.address)));
    await heard.connections(20);
    assert(beat.count >= 20 / perBeat - 1, `${beat.count} beats`);
    for (const conn of conns) conn.close();
    await listener.close();
  });
}

Deno.test("connections that take no time are accepted without waiting for a beat", async () => {
  using heard = new Heard();
  const beat = new Beat();
  const listener = new Listener("127.0.0.1", 0, heard.events, new Turnstile(beat));
  const conns = await Promise.all(Array.from({ length: 20 }, () => Deno.connect(listener.address)));
  await heard.connections(20);
  assertEquals(beat.count, 0);
  for (const conn of conns) conn.close();
  await listener.close();
});

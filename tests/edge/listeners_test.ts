import { parseConfig } from "../../lib/config/load.ts";
import type { ListenerConfig } from "../../lib/config/schema.ts";
import { Listeners } from "../../lib/edge/listeners.ts";
import { DENO_SOCKETS } from "../../lib/transport/deno_sockets.ts";
import { EpollSockets } from "../../lib/transport/epoll/epoll_sockets.ts";
import { ADDRESS_SIZE, AF_INET, Libc, SOCK_STREAM } from "../../lib/transport/epoll/libc.ts";
import { readSocketAddress, socketAddress } from "../../lib/transport/epoll/socket_address.ts";
import type { Sockets } from "../../lib/transport/sockets.ts";
import { minimalToml } from "../config/minimal_toml.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../harness/assert.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { areLeftOut } from "../harness/installed.ts";
import { quietLog } from "../harness/quiet_log.ts";
import { Waits } from "../harness/waits.ts";

const HERE = "127.0.0.1";
/** Without further ado an address of this machine on Linux alone. */
const NEXT_DOOR = "127.0.0.2";

const linuxTest = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, ignore: Deno.build.os !== "linux", fn });

/** Listeners, and whoever they take in. */
class Bench implements AsyncDisposable {
  readonly listeners: Listeners;
  /** Names of the listeners through which somebody came, in order. */
  readonly arrivals: string[] = [];
  /** What went wrong, in the log's words. */
  readonly errors: string[] = [];
  readonly #sockets: Sockets;
  readonly #waits = new Waits(() => `they came through ${this.arrivals}`);

  constructor(sockets: Sockets = DENO_SOCKETS) {
    this.#sockets = sockets;
    this.listeners = new Listeners({
      log: quietLog({ error: (_event, message) => this.errors.push(message) }),
      sockets,
      accepted: ({ name }, conn) => {
        conn.close();
        this.arrivals.push(name);
        this.#waits.changed();
        return 0;
      },
      missed: () => {},
      failed: () => {},
    });
  }

  /** Where it listens, by name. */
  get places(): readonly string[] {
    return this.listeners.status.map(({ name, hostname, port }) => `${name} at ${hostname}:${port}`);
  }

  /** Goes by `configs` from now on. */
  async change(...configs: readonly ListenerConfig[]): Promise<void> {
    const prepared = await this.listeners.prepare(configs);
    prepared.bind();
    prepared.commit();
  }

  /** Somebody comes to that address, and resolves when they were taken in. */
  async visit(hostname: string, port: number): Promise<void> {
    const count = this.arrivals.length;
    using _conn = await Deno.connect({ hostname, port });
    await this.#waits.until(() => this.arrivals.length > count, "somebody taken in");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listeners.close();
    await this.listeners.settled();
    await this.#sockets.close();
  }
}

function listener(name: string, host: string, port: number, more = ""): ListenerConfig {
  const text = minimalToml({ listener: more }).replace('"main"', `"${name}"`).replace(
    "127.0.0.1:25565",
    `${host}:${port}`,
  );
  const [config] = parseConfig(text, { path: "kurafuto.toml" }).config.listeners;
  assert(config !== undefined);
  return config;
}

/** A port that is free at each of the addresses. */
function freePort(): number {
  using here = Deno.listen({ hostname: HERE, port: 0 });
  return here.addr.port;
}

function epoll(): EpollSockets {
  return new EpollSockets((error) => {
    throw error;
  });
}

/** A socket that listens, as another process would have left it. */
function leftListener(libc: Libc): { readonly descriptor: number; readonly port: number } {
  const descriptor = libc.socket(AF_INET, SOCK_STREAM);
  const address = socketAddress(HERE, 0);
  assert(address !== undefined);
  assertEquals([libc.bind(descriptor, address), libc.listen(descriptor, 16)], [0, 0]);
  const own = new Uint8Array(ADDRESS_SIZE);
  libc.ownAddress(descriptor, own);
  return { descriptor, port: readSocketAddress(own).port };
}

Deno.test("a listener that stays at its address stays open, and one that is not wanted any more is closed", async () => {
  await using bench = new Bench();
  const [main, more] = [listener("main", HERE, freePort()), listener("more", HERE, freePort())];
  await bench.listeners.listen([main, more]);
  await bench.change(main);
  await bench.visit(HERE, main.bind.port);
  await assertRejects(() => bench.visit(HERE, more.bind.port), Deno.errors.ConnectionRefused);
  assertEquals(bench.places, [`main at ${HERE}:${main.bind.port}`]);
});

linuxTest("what was closed to make way for a change comes back with its refusal, in its place", async () => {
  await using bench = new Bench();
  const port = freePort();
  const [main, more] = [listener("main", HERE, port), listener("more", HERE, 0)];
  await bench.listeners.listen([main, more]);
  const before = bench.places;
  const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port), more]);
  await assertRejects(() => bench.visit(HERE, port), Deno.errors.ConnectionRefused);
  prepared.bind();
  prepared.discard();
  await bench.visit(HERE, port);
  await assertRejects(() => bench.visit(NEXT_DOOR, port), Deno.errors.ConnectionRefused);
  assertEquals([bench.places, bench.errors], [before, []]);
});

linuxTest(
  "a listener whose address somebody takes meanwhile is told to be gone, and comes back with the next change",
  async () => {
    await using bench = new Bench();
    const port = freePort();
    const [main, more] = [listener("main", HERE, port), listener("more", HERE, 0)];
    await bench.listeners.listen([main, more]);
    const before = bench.places;
    const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port), more]);
    {
      using _thief = Deno.listen({ hostname: HERE, port });
      prepared.discard();
      assertEquals(bench.places, before.slice(1));
      assertEquals(bench.errors.length, 1);
      const again = await bench.listeners.prepare([main, more]);
      assertThrows(() => again.bind(), Error, `${HERE}:${port}`);
      again.discard();
    }
    assertEquals(bench.errors.length, 1);
    await bench.change(main, more);
    await bench.visit(HERE, port);
    assertEquals(bench.places, before);
  },
);

Deno.test({
  name: "the certificate of a listener that cannot come back is let go of",
  ignore: Deno.build.os !== "linux" || areLeftOut("openssl"),
  sanitizeResources: true,
  fn: async () => {
    await using certificate = await makeCertificate();
    await using bench = new Bench();
    const tls = `tls_cert = "${certificate.certPath}"\ntls_key = "${certificate.keyPath}"`;
    const port = freePort();
    await bench.listeners.listen([listener("main", HERE, port, tls)]);
    const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port, tls)]);
    using _thief = Deno.listen({ hostname: HERE, port });
    prepared.discard();
    assertEquals(bench.places, []);
  },
});

Deno.test("nothing comes back where the edge has stopped meanwhile", async () => {
  await using bench = new Bench();
  const port = freePort();
  await bench.listeners.listen([listener("main", HERE, port)]);
  const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port)]);
  bench.listeners.close();
  assertThrows(() => prepared.bind(), Error, "the edge is stopping");
  prepared.discard();
  await assertRejects(() => bench.visit(HERE, port), Deno.errors.ConnectionRefused);
  assertEquals(bench.errors, []);
});

linuxTest("a listener that has made way is not offered to another process", async () => {
  await using bench = new Bench(epoll());
  const port = freePort();
  await bench.listeners.listen([listener("main", HERE, port)]);
  const offered = (): readonly string[] => bench.listeners.open.map(({ name, bind }) => `${name} at ${bind.host}`);
  assertEquals(offered(), [`main at ${HERE}`]);
  const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port)]);
  assertEquals(offered(), []);
  prepared.discard();
  assertEquals(offered(), [`main at ${HERE}`]);
});

linuxTest("what was inherited is not bound again, and what nobody wants of it is closed", async () => {
  const libc = new Libc();
  await using bench = new Bench(epoll());
  const [wanted, unwanted] = [leftListener(libc), leftListener(libc)];
  const inherited = (
    name: string,
    { descriptor, port }: typeof wanted,
  ): Parameters<Listeners["inherit"]>[0][number] => (
    { name, bind: { host: HERE, port }, descriptor }
  );
  bench.listeners.inherit([inherited("main", wanted), inherited("old", unwanted)]);
  // The names may be others by now: the address counts.
  await bench.listeners.listen([listener("renamed", HERE, wanted.port), listener("new", HERE, 0)]);
  bench.listeners.disclaim();
  assertEquals(bench.listeners.open[0]?.descriptor, wanted.descriptor);
  await bench.visit(HERE, wanted.port);
  await assertRejects(() => bench.visit(HERE, unwanted.port), Deno.errors.ConnectionRefused);
  assertEquals(bench.arrivals, ["renamed"]);
});

linuxTest("a port that the system chose is inherited by the listener of the same name", async () => {
  const libc = new Libc();
  await using bench = new Bench(epoll());
  const [first, second] = [leftListener(libc), leftListener(libc)];
  const bind = { host: HERE, port: 0 };
  bench.listeners.inherit([
    { name: "first", bind, descriptor: first.descriptor },
    { name: "second", bind, descriptor: second.descriptor },
  ]);
  await bench.listeners.listen([listener("second", HERE, 0)]);
  bench.listeners.disclaim();
  assertEquals(bench.places, [`second at ${HERE}:${second.port}`]);
  await assertRejects(() => bench.visit(HERE, first.port), Deno.errors.ConnectionRefused);
});

linuxTest("a listener that is bound, or comes back, during a pause takes nobody in before it is over", async () => {
  for (const outcome of ["commit", "discard"] as const) {
    await using bench = new Bench(epoll());
    const port = freePort();
    const [main, other] = [listener("main", HERE, port), listener("other", HERE, 0)];
    await bench.listeners.listen([main, other]);
    const prepared = await bench.listeners.prepare([listener("main", NEXT_DOOR, port), other]);
    bench.listeners.pause();
    prepared.bind();
    prepared[outcome]();
    using _conn = await Deno.connect({ hostname: outcome === "commit" ? NEXT_DOOR : HERE, port });
    // Whoever comes to Deno's own listener later is taken in by then, and so would be whoever came before.
    await roundTrip();
    assertEquals(bench.arrivals, [], outcome);
    const waiting = bench.visit(outcome === "commit" ? NEXT_DOOR : HERE, port);
    bench.listeners.resume();
    await waiting;
    assertEquals(new Set(bench.arrivals), new Set(["main"]));
  }
});

/** Resolves when a connection has come about. */
async function roundTrip(): Promise<void> {
  using listener = Deno.listen({ hostname: HERE, port: 0 });
  const [mine, theirs] = await Promise.all([
    Deno.connect({ hostname: HERE, port: listener.addr.port }),
    listener.accept(),
  ]);
  mine.close();
  theirs.close();
}

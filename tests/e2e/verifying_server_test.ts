import { parseAddress } from "../../lib/config/address.ts";
import { parseNetwork } from "../../lib/config/network.ts";
import { HeartbeatAbsorber } from "../../lib/heartbeat/absorber.ts";
import { BackendSalts } from "../../lib/heartbeat/backend_salts.ts";
import { keyOf } from "../../lib/auth/mppass.ts";
import { assert, assertEquals, assertNotEquals } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { VerifyingServer } from "./verifying_server.ts";

const REFUSED = "Login failed! Close the game and sign in again.";

/** What an edge with one backend knows of its salt, by heartbeats alone. */
class Ear implements AsyncDisposable {
  readonly salts: BackendSalts;
  readonly learned: string[] = [];
  readonly #absorber: HeartbeatAbsorber;

  private constructor(salts: BackendSalts, address: string) {
    this.salts = salts;
    this.#absorber = new HeartbeatAbsorber({
      bind: { kind: "tcp", host: "127.0.0.1", port: 0 },
      from: [parseNetwork("127.0.0.0/8")],
      backends: [{ name: "hub", address: parseAddress(address) }],
      playUrl: () => undefined,
      onBeat: ({ backend, salt }) => this.learned.push(salts.learn(backend, salt)),
      onRefused: (refused) => this.learned.push(`refused: ${refused.why}`),
      onAcceptFailed: (error) => this.learned.push(`failed: ${error}`),
    });
  }

  static async open(dataDir: string, { address }: VerifyingServer): Promise<Ear> {
    const salts = await BackendSalts.open(dataDir, [{ name: "hub", salt: "" }], (problem) => {
      throw new Error(problem);
    });
    return new Ear(salts, address);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#absorber.address.port}/hb/hub`;
  }

  /** The key that an edge makes for a player. */
  keyOf(player: string): string {
    return keyOf(this.salts.saltFor("hub") ?? "", player);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#absorber.stop();
    await this.salts.settled();
  }
}

async function assertLetIn(server: VerifyingServer, name: string, key: string): Promise<void> {
  await using bot = await Bot.connect(server.server.target, { name, key });
  await bot.joined();
}

async function assertRefused(server: VerifyingServer, name: string, key: string): Promise<void> {
  await using bot = await Bot.connect(server.server.target, { name, key });
  assertEquals(await bot.kicked(), REFUSED);
}

Deno.test("a verifying server lets in only who has the key of its salt", async () => {
  await using server = await VerifyingServer.start();
  await assertLetIn(server, "Alice", server.keyOf("Alice"));
  for (const key of ["-", "", server.keyOf("alice"), server.keyOf("Bob"), keyOf("", "Alice")]) {
    await assertRefused(server, "Alice", key);
  }
});

Deno.test("its heartbeats tell the salt, and after a restart the new one at once", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await using server = await VerifyingServer.start();
    await using ear = await Ear.open(dataDir, server);
    const answer = await server.beatTo(ear.url);
    assert(!answer.includes('"errors":'), answer);
    await assertLetIn(server, "Alice", ear.keyOf("Alice"));
    const [oldKey, oldAddress] = [ear.keyOf("Alice"), server.address];
    await server.kill();
    await server.restart();
    assertEquals([server.address, ear.learned], [oldAddress, ["new", "new"]]);
    assertNotEquals(ear.keyOf("Alice"), oldKey);
    await assertRefused(server, "Alice", oldKey);
    await assertLetIn(server, "Alice", ear.keyOf("Alice"));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("what was learned lets players in before the first heartbeat to a restarted edge", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await using server = await VerifyingServer.start();
    {
      await using ear = await Ear.open(dataDir, server);
      await server.beatTo(ear.url);
    }
    await using again = await Ear.open(dataDir, server);
    await assertLetIn(server, "Alice", again.keyOf("Alice"));
    await server.beatTo(again.url);
    assertEquals(again.learned, ["same"]);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

import mc from "minecraft-classic-protocol";
import { assertEquals } from "../harness/assert.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { DEFAULT_TIMEOUT_MS } from "../harness/waits.ts";

Deno.test("minecraft-classic-protocol logs in and chats", async () => {
  await using server = await ClassicServer.start({ name: "hub" });
  const client = mc.createClient({ host: "127.0.0.1", port: server.port, username: "Npm", password: "-" });
  const { promise: answered, resolve, reject } = Promise.withResolvers<string>();
  const late = (): void => reject(new Error(`Cannot see own chat: not within ${DEFAULT_TIMEOUT_MS} ms`));
  const deadline = setTimeout(late, DEFAULT_TIMEOUT_MS);
  client.on("error", reject);
  client.on("spawn_player", () => client.write("message", { player_id: 255, message: "hello" }));
  client.on("message", ({ message }: { message: string }) => message.includes("hello") && resolve(message));
  try {
    assertEquals(await answered, "&fNpm&7: &fhello");
    assertEquals(server.players, ["Npm"]);
  } finally {
    clearTimeout(deadline);
    const ended = new Promise((resolve) => client.on("end", resolve));
    client.end("done");
    await ended;
  }
});

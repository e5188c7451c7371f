import * as presets from "../../lib/demo/presets.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { assertEquals } from "../harness/assert.ts";
import { type LogLine, network, Program } from "../harness/program.ts";
import { CLIENTS, SERVERS } from "./kinds.ts";
import { branches } from "./networks.ts";
import { ObservedServer } from "./observed_server.ts";
import { Player } from "./player.ts";
import { depart, visit } from "./visit.ts";

Deno.test("every client plays on every backend", async (t) => {
  await using running = new AsyncDisposableStack();
  const servers: { readonly name: string; readonly server: ObservedServer; readonly offered: ExtensionSet }[] = [];
  for (const { name, options } of SERVERS) {
    const server = running.use(await ObservedServer.start(options));
    servers.push({ name, server, offered: options.extensions ?? ExtensionSet.EMPTY });
  }
  const config = branches(servers.map(({ name, server: { address } }) => ({ name, address })));
  const program = running.use(await Program.start({ config }));
  for (const { name, server, offered } of servers) {
    const cpe = offered.size > 0 ? { extensions: offered } : {};
    await using direct = await Player.join(server.target, server, { name: "direct", ...cpe });
    const everything = { name: "fellow", extensions: presets.CLASSICUBE };
    await using fellow = await Player.join(program.target(name), server, everything);
    for (const client of CLIENTS) {
      await t.step(`${client.name} on ${name}`, async () => {
        const options = { ...client, name: `${client.name}_${name}` };
        await using visitor = await Player.join(program.target(name), server, options);
        const own = client.extensions ?? ExtensionSet.EMPTY;
        assertEquals([...visitor.bot.extensions.entries()], [...own.entries()]);
        assertEquals([...visitor.spoken.entries()], [...own.intersect(offered).entries()]);
        await visit(visitor, [direct, fellow]);
        await depart(visitor, [direct, fellow]);
        const line = await program.until(() => endOf(program, visitor.name), `the end of ${visitor.name}'s session`);
        assertEquals([line.code, line.reason, line.server], ["CP", "client-left", name]);
      });
    }
    await direct.leave();
    await fellow.leave();
  }
});

function endOf(program: Program, player: string): LogLine | undefined {
  return program.lines("ended").find((line) => line.player === player);
}

Deno.test("what is excluded is spoken on neither side", async () => {
  const excluded = ["FastMap", "ExtendedBlocks", "TwoWayPing", "ExtEntityPositions"] as const;
  await using server = await ObservedServer.start({ extensions: presets.CLASSICUBE });
  const config = [
    "[cpe]",
    `exclude = ${JSON.stringify(excluded)}`,
    network([{ name: "hub", address: server.address }]),
  ];
  await using program = await Program.start({ config: config.join("\n") });
  const everything = { extensions: presets.CLASSICUBE };
  await using direct = await Player.join(server.target, server, { name: "direct", ...everything });
  await using visitor = await Player.join(program.target(), server, { name: "visitor", ...everything });
  const spoken = presets.CLASSICUBE.without(...excluded);
  assertEquals([...visitor.bot.extensions.entries()], [...spoken.entries()]);
  assertEquals([...visitor.spoken.entries()], [...spoken.entries()]);
  await visit(visitor, [direct]);
  await depart(visitor, [direct]);
});

Deno.test("clients are offered what some backend has, once every backend was asked", async () => {
  await using modest = await ObservedServer.start(presets.classicborne());
  await using plain = await ObservedServer.start(presets.vanilla());
  const config = branches([{ name: "modest", address: modest.address }, { name: "plain", address: plain.address }]);
  await using program = await Program.start({ config });
  const join = (branch: string, server: ObservedServer, name: string): Promise<Player> =>
    Player.join(program.target(branch), server, { name, extensions: ExtensionSet.ALL });
  await using first = await join("modest", modest, "first");
  assertEquals(first.bot.extensions.key, ExtensionSet.ALL.key);
  await using second = await join("plain", plain, "second");
  assertEquals(second.bot.extensions.key, ExtensionSet.ALL.key);
  await using third = await join("modest", modest, "third");
  assertEquals([...third.bot.extensions.entries()], [...presets.CLASSICBORNE.entries()]);
  await visit(third, [first]);
  await using fourth = await join("plain", plain, "fourth");
  assertEquals([...fourth.bot.extensions.entries()], [...presets.CLASSICBORNE.entries()]);
  await visit(fourth, [second]);
});

Deno.test("clients without CPE teach the edge nothing about a backend", async () => {
  await using server = await ObservedServer.start(presets.classicborne());
  await using program = await Program.start({ config: network([{ name: "hub", address: server.address }]) });
  await using _old = await Player.join(program.target(), server, { name: "old" });
  await using modern = await Player.join(program.target(), server, { name: "modern", extensions: ExtensionSet.ALL });
  assertEquals(modern.bot.extensions.key, ExtensionSet.ALL.key);
});

for (const order of ["extinfo-first", "identification-first"] as const) {
  Deno.test(`a backend that is ${order} and waits for the custom block level takes players`, async () => {
    const options = { extensions: presets.MCGALAXY, order, waitForCustomBlockLevel: true };
    await using server = await ObservedServer.start(options);
    await using program = await Program.start({ config: network([{ name: "hub", address: server.address }]) });
    const join = (name: string): Promise<Player> =>
      Player.join(program.target(), server, { name, extensions: presets.CLASSICUBE });
    // The second one finds a backend that is known to speak CPE.
    await using first = await join("first");
    first.assertMap();
    await using second = await join("second");
    assertEquals(second.spoken.key, presets.MCGALAXY.intersect(presets.CLASSICUBE).key);
    await visit(second, [first]);
  });
}

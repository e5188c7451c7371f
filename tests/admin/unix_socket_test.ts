import { BindError } from "../../lib/transport/bind_error.ts";
import { assert, assertEquals, assertRejects } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { dial, formatRequest, type RawConn } from "./raw_client.ts";
import { Subject } from "./subject.ts";

/** A folder for sockets. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync();

  get socket(): string {
    return `${this.path}/admin.sock`;
  }

  /** What is in it. */
  get names(): readonly string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  open(): Promise<Subject> {
    return Subject.open({ bind: { kind: "unix", path: this.socket } });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function modeOf(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o777;
}

Deno.test("a socket file is open to its owner only, serves everything, and is removed at the end", async () => {
  using folder = new Folder();
  const subject = await folder.open();
  assertEquals(modeOf(folder.socket), 0o600);
  assertEquals(folder.names, ["admin.sock"]);
  assertEquals(subject.server.address, { kind: "unix", path: folder.socket });
  assertEquals((await subject.ask("/v1/players")).status, 200);
  assertEquals((await subject.order("/v1/announce", { text: "x" })).status, 200);
  assertEquals(subject.lines[0]?.fields, { ip: "unix", path: "/v1/announce", status: 200 });
  await subject.server.close();
  assertEquals(folder.names, []);
});

Deno.test("a page whose owner has its name resolved to where SSH forwards to a socket file gets nothing", async () => {
  using folder = new Folder();
  await using subject = await folder.open();
  const status = async (host: string): Promise<number> => (await subject.ask("/v1/players", { host })).status;
  assertEquals(await Promise.all(["evil.example:8080", "localhost:8080", "192.0.2.7:8080"].map(status)), [
    403,
    200,
    200,
  ]);
});

Deno.test("a socket file whose folder is missing is told as that", async () => {
  using folder = new Folder();
  const bind = { kind: "unix", path: `${folder.path}/none/admin.sock` } as const;
  const { message } = await assertRejects(() => Subject.open({ bind }), BindError);
  assertEquals(message, `Cannot bind admin to unix:${bind.path}: its folder does not exist (make it)`);
});

Deno.test("there is no moment in which others may open a socket file, whatever the process lets others do", async () => {
  using folder = new Folder();
  const old = Deno.umask(0);
  const seen = new Set<string>();
  const done = Promise.withResolvers<void>();
  try {
    const watcher = Deno.watchFs(folder.path, { recursive: true });
    const watching = (async () => {
      for await (const { paths } of watcher) {
        for (const path of paths) {
          try {
            const { isSocket, isDirectory } = Deno.lstatSync(path);
            if (isSocket) seen.add(`socket ${modeOf(path).toString(8)} ${path === folder.socket}`);
            if (isDirectory && path !== folder.path) seen.add(`folder ${modeOf(path).toString(8)}`);
          } catch (error) {
            if (!(error instanceof Deno.errors.NotFound)) throw error;
          }
        }
        if (seen.has("socket 600 true")) done.resolve();
      }
    })();
    await using _subject = await folder.open();
    await done.promise;
    watcher.close();
    await watching;
  } finally {
    Deno.umask(old);
  }
  for (const what of seen) assert(["socket 600 true", "folder 700"].includes(what), what);
});

Deno.test("a socket file that a dead edge has left is replaced", async () => {
  using folder = new Folder();
  // Deno removes the file at the end where it was bound.
  const dead = Deno.listen({ transport: "unix", path: `${folder.socket}.old` });
  Deno.renameSync(`${folder.socket}.old`, folder.socket);
  dead.close();
  assertEquals(folder.names, ["admin.sock"]);
  await using subject = await folder.open();
  assertEquals([modeOf(folder.socket), (await subject.ask("/healthz")).status], [0o600, 200]);
});

Deno.test("a socket file on which somebody listens stays theirs", async () => {
  using folder = new Folder();
  await using first = await folder.open();
  const error = await assertRejects(
    () => folder.open(),
    BindError,
    `Cannot bind admin to unix:${folder.socket}: `,
  );
  assertEquals(error.inUse, true);
  assertEquals((await first.ask("/healthz")).status, 200);
  assertEquals(folder.names, ["admin.sock"]);
});

Deno.test("a file that is no socket is not touched", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(folder.socket, "precious");
  const error = await assertRejects(() => folder.open(), BindError, "a file that is no socket is in its place");
  assertEquals([error.inUse, await Deno.readTextFile(folder.socket)], [false, "precious"]);
});

Deno.test("a folder that is missing is said", async () => {
  using folder = new Folder();
  const bind = { kind: "unix", path: `${folder.path}/missing/admin.sock` } as const;
  await assertRejects(() => Subject.open({ bind }), BindError, "Cannot bind admin to unix:");
});

Deno.test("a server does not remove the socket file of another one that has replaced it", async () => {
  using folder = new Folder();
  const first = await folder.open();
  await Deno.remove(folder.socket);
  await using second = await folder.open();
  await first.server.close();
  assertEquals(folder.names, ["admin.sock"]);
  assertEquals((await second.ask("/healthz")).status, 200);
});

Deno.test("a server ends well where its socket file is out of reach by then", async () => {
  using folder = new Folder();
  const path = `${folder.path}/run`;
  await Deno.mkdir(path);
  const subject = await Subject.open({ bind: { kind: "unix", path: `${path}/admin.sock` } });
  await Deno.remove(path, { recursive: true });
  await Deno.writeTextFile(path, "no folder");
  await subject.server.close();
});

Deno.test("a reader of events on a socket file who goes is forgotten", async () => {
  using folder = new Folder();
  await using subject = await folder.open();
  const conn = await Deno.connect({ transport: "unix", path: folder.socket });
  await conn.write(new TextEncoder().encode("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await eventually(() => subject.control.subscribers === 1, "a reader");
  conn.close();
  await eventually(() => subject.control.subscribers === 0, "no reader");
});

/** Asks for more than the kernel keeps for a reader, and reads nothing. */
async function askAndStall({ server }: Subject, count: number): Promise<readonly RawConn[]> {
  const conns: RawConn[] = [];
  for (let index = 0; index < count; index++) {
    const conn = await dial(server.address);
    conns.push(conn);
    // Whom the server does not let in cannot be told.
    await conn.write(formatRequest("/metrics")).catch(() => {});
  }
  return conns;
}

Deno.test("readers who do not take their answer keep nobody out", async () => {
  using folder = new Folder();
  await using subject = await folder.open();
  subject.control.metricsText = "x".repeat(1 << 20);
  const conns = await askAndStall(subject, 100);
  assertEquals((await subject.ask("/healthz")).status, 200);
  for (const conn of conns) conn.close();
  await eventually(() => subject.server.connections === 0, "no connections");
});

Deno.test("readers who do not take their answer are at most 64, or 256 where Deno cannot break off a write", async () => {
  using folder = new Folder();
  await using subject = await folder.open();
  subject.control.metricsText = "x".repeat(1 << 20);
  const conns = await askAndStall(subject, 300);
  const most = Deno.version.deno.startsWith("2.7.") ? 256 : 64;
  await eventually(() => subject.server.connections === most, "as many connections as may be");
  for (const conn of conns) conn.close();
  await eventually(() => subject.server.connections === 0, "no connections");
});

Deno.test("a socket path as long as can be is served", async () => {
  using folder = new Folder();
  const path = `${folder.path}/${"x".repeat(107 - folder.path.length - 1)}`;
  await using subject = await Subject.open({ bind: { kind: "unix", path } });
  assertEquals((await subject.ask("/healthz")).status, 200);
});

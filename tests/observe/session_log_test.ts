import { openLog } from "../../lib/observe/log.ts";
import { logSessionEvent, type SessionContext } from "../../lib/observe/session_log.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { SessionEvent } from "../../lib/session/port.ts";
import { assertEquals } from "../harness/assert.ts";
import { summaryOf } from "./summary.ts";

const CONTEXT: SessionContext = {
  session: "4H2KX",
  listener: "main",
  ip: "192.0.2.7",
  transport: "websocket",
  secure: true,
  player: "Steve",
};
const HOSTILE = "\u001b[31m\nWARN  x\u0085\u2028\u202e";

/** One event of each kind, with texts from outside. */
const EVENTS: readonly SessionEvent[] = [
  { kind: "identified", player: "Steve", protocol: 7, client: HOSTILE },
  { kind: "offered", backend: "hub", extensions: ExtensionSet.EMPTY },
  { kind: "list-refused", backend: "hub", cause: HOSTILE },
  { kind: "refused", backend: "hub", cause: HOSTILE, kicked: true },
  { kind: "joined", backend: "hub" },
  { kind: "playable", backend: "hub" },
  { kind: "lost", backend: "hub", reason: "backend-kick", detail: HOSTILE },
  { kind: "waiting", cause: HOSTILE },
  { kind: "moved", move: { from: "hub", to: "arena", signal: "player", dialMs: 10.4, fenceMs: 5.3 } },
  { kind: "move-failed", from: "hub", to: "arena", signal: "player", cause: HOSTILE },
  { kind: "signal-refused", backend: "hub", signal: "chat-sentinel", cause: HOSTILE },
  { kind: "fence-unanswered", backend: "hub" },
  { kind: "over-limit", reason: "chat-flood", detail: HOSTILE },
  { kind: "ended", summary: summaryOf({ detail: HOSTILE }) },
];

function linesOf(format: "text" | "json", events: readonly SessionEvent[], context = CONTEXT): readonly string[] {
  const lines: string[] = [];
  const log = openLog({ level: "debug", format, write: (line) => lines.push(line), now: () => 0 });
  for (const event of events) logSessionEvent(log, context, event);
  return lines;
}

Deno.test("a session's last line says who it was, how they came, where they were, why it ended and how long each stage took", () => {
  const [line = ""] = linesOf("json", [{ kind: "ended", summary: summaryOf() }]);
  assertEquals(JSON.parse(line), {
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    msg: "session ended",
    event: "ended",
    session: "4H2KX",
    listener: "main",
    ip: "192.0.2.7",
    transport: "websocket",
    secure: true,
    player: "Steve",
    server: "arena",
    servers: ["hub", "arena"],
    moves: 1,
    code: "CP",
    end: "CP-4H2KX",
    reason: "client-left",
    detail: "the client closed",
    handshake_ms: 41,
    login_ms: 6,
    map_ms: 80,
    total_ms: 605_113,
    bytes_from_client: 1,
    bytes_to_client: 2,
    bytes_from_server: 3,
    bytes_to_server: 4,
  });
});

Deno.test("in text, visited servers are one word, and stages that were not reached are -1", () => {
  const timers = { handshake: undefined, login: undefined, map: undefined, total: 3 };
  const lines = linesOf("text", [
    { kind: "ended", summary: summaryOf() },
    { kind: "ended", summary: summaryOf({ visited: [], backend: "", player: "", timers }) },
  ], { ...CONTEXT, player: undefined });
  assertEquals(lines.map((line) => / player=.* moves/.exec(line)?.[0]), [
    ' player=Steve server=arena servers="hub,arena" moves',
    ' player="" server="" servers="" moves',
  ]);
  assertEquals(lines[1]?.match(/-1/g)?.length, 3);
});

Deno.test("every line of a session names the player, and no text from outside can damage it", () => {
  for (const format of ["text", "json"] as const) {
    const lines = linesOf(format, EVENTS);
    assertEquals(lines.length, EVENTS.length);
    for (const line of lines) {
      assertEquals(/"?player"?[=:]"?Steve/.test(line), true, line);
      assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(line.slice(0, -1)), false, line);
    }
  }
});

Deno.test("what players say is not logged", () => {
  assertEquals(linesOf("text", [{ kind: "chat", backend: "hub", text: "hello" }]), []);
});

import { type LoggedTurn, type LoggedTurns, logTurnedAway, logTurns } from "../../lib/observe/guard_log.ts";
import { type Log, openLog } from "../../lib/observe/log.ts";
import { assertEquals } from "../harness/assert.ts";

const TURN: LoggedTurn = { listener: "main", address: "192.0.2.7", reason: "not-classic", detail: "it begins with 7f" };
const TURNS: LoggedTurns = { reason: "bad-http", count: 1_000, addresses: 3, example: "192.0.2.7" };

/** Runs `tell` with a log of that level, and returns its lines without the time. */
function linesOf(level: "debug" | "info", tell: (log: Log) => void): readonly string[] {
  const lines: string[] = [];
  tell(openLog({ level, write: (line) => lines.push(line.slice(25, -1)) }));
  return lines;
}

Deno.test("single connections that were turned away are told of only where every step is", () => {
  const tell = (log: Log): void => {
    logTurnedAway(log, TURN);
    logTurnedAway(log, { ...TURN, address: undefined, reason: "empty", detail: "" });
  };
  assertEquals(linesOf("info", tell), []);
  assertEquals(linesOf("debug", tell), [
    'DEBUG connection turned away listener=main ip=192.0.2.7 reason=not-classic detail="it begins with 7f"',
    'DEBUG connection turned away listener=main reason=empty detail=""',
  ]);
});

Deno.test("what many connections were turned away for is told with their number, in one line for each reason", () => {
  const lines = linesOf("info", (log) => {
    logTurns(log, [TURNS, { ...TURNS, reason: "packet-flood (dry run)", count: 1, addresses: 0, example: undefined }]);
    logTurns(log, []);
  });
  assertEquals(lines, [
    "WARN  connections turned away reason=bad-http count=1000 addresses=3 ip=192.0.2.7",
    'WARN  connections turned away reason="packet-flood (dry run)" count=1 addresses=0',
  ]);
});

Deno.test("who only looks whether the port is open warns nobody", () => {
  const turns = ["empty", "given-up"].map((reason) => ({ ...TURNS, reason }));
  assertEquals(linesOf("info", (log) => logTurns(log, turns)), []);
  assertEquals(linesOf("debug", (log) => logTurns(log, turns)), [
    "DEBUG connections turned away reason=empty count=1000 addresses=3 ip=192.0.2.7",
    "DEBUG connections turned away reason=given-up count=1000 addresses=3 ip=192.0.2.7",
  ]);
});

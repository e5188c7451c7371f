import { AbsorberLog } from "../../lib/observe/absorber_log.ts";
import { openLog } from "../../lib/observe/log.ts";
import { assertEquals } from "../harness/assert.ts";

const BEAT = { backend: "hub", players: 1, maxPlayers: 16, software: "MCGalaxy 1.9.5.3", salt: "secret" };
const REFUSAL = { peer: "192.0.2.7", backend: "hub", status: 409, why: "it says port 1" };
const SILENCE_MS = 95_000;

/** Runs `tell` with a log, and returns its lines without the time. */
function linesOf(tell: (log: AbsorberLog) => void): readonly string[] {
  const lines: string[] = [];
  tell(new AbsorberLog(openLog({ write: (line) => lines.push(line.slice(25, -1)) }), SILENCE_MS));
  return lines;
}

Deno.test("the first heartbeat of a backend is logged, and each new salt, but not what it is", () => {
  const lines = linesOf((log) => {
    log.beat(BEAT, "new", 0);
    log.beat(BEAT, "same", 30_000);
    log.beat(BEAT, "new", 60_000);
    log.beat({ ...BEAT, backend: "games" }, "configured", 60_000);
  });
  assertEquals(lines, [
    'INFO  backend sends heartbeats server=hub players=1 max_players=16 software="MCGalaxy 1.9.5.3"',
    "INFO  backend has a new salt server=hub",
    "INFO  backend has a new salt server=hub",
    'INFO  backend sends heartbeats server=games players=1 max_players=16 software="MCGalaxy 1.9.5.3"',
  ]);
});

Deno.test("silence is logged once, and its end", () => {
  const lines = linesOf((log) => {
    log.check(0);
    log.beat(BEAT, "same", 1000);
    for (const now of [96_000, 96_001, 200_000]) log.check(now);
    log.beat(BEAT, "same", 200_000);
    log.check(295_000);
    log.check(295_001);
  });
  assertEquals(lines, [
    'INFO  backend sends heartbeats server=hub players=1 max_players=16 software="MCGalaxy 1.9.5.3"',
    "WARN  backend sends no heartbeats any more server=hub",
    'INFO  backend sends heartbeats again server=hub players=1 max_players=16 software="MCGalaxy 1.9.5.3"',
    "WARN  backend sends no heartbeats any more server=hub",
  ]);
});

Deno.test("refusals of one backend with one status are logged once a minute, with how many were not", () => {
  const lines = linesOf((log) => {
    for (let i = 0; i < 1000; i++) log.refused(REFUSAL, i);
    log.refused({ ...REFUSAL, status: 400, why: "'port' is missing" }, 1000);
    log.refused({ ...REFUSAL, backend: undefined, status: 404, why: "its path" }, 1000);
    log.refused(REFUSAL, 60_000);
    log.refused(REFUSAL, 120_000);
  });
  assertEquals(lines, [
    'WARN  heartbeat refused server=hub peer=192.0.2.7 status=409 cause="it says port 1"',
    "WARN  heartbeat refused server=hub peer=192.0.2.7 status=400 cause=\"'port' is missing\"",
    'WARN  heartbeat refused peer=192.0.2.7 status=404 cause="its path"',
    'WARN  heartbeat refused server=hub peer=192.0.2.7 status=409 cause="it says port 1" unsaid=999',
    'WARN  heartbeat refused server=hub peer=192.0.2.7 status=409 cause="it says port 1"',
  ]);
});

Deno.test("a backend that is forgotten is not missed, and begins anew when it comes back", () => {
  const lines = linesOf((log) => {
    log.beat(BEAT, "same", 0);
    log.refused(REFUSAL, 0);
    log.keep(["arena"]);
    log.check(SILENCE_MS + 1);
    log.beat(BEAT, "same", SILENCE_MS + 2);
    log.refused(REFUSAL, SILENCE_MS + 2);
  });
  const events = lines.map((line) =>
    line.includes("refused") ? "refused" : line.includes("sends heartbeats ") ? "beats" : line
  );
  assertEquals(events, ["beats", "refused", "beats", "refused"]);
});

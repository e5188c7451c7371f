import { lagP99, parseLook } from "../../../bench/soak/watch.ts";
import { assertEquals } from "../../harness/assert.ts";

const TEXT = `# HELP kurafuto_players Players who were let in.
kurafuto_players{listener="main"} 12
kurafuto_players{listener="web"} 3
process_resident_memory_bytes 104857600
kurafuto_event_loop_lag_seconds_bucket{le="0.0025"} 90
kurafuto_event_loop_lag_seconds_bucket{le="0.01"} 99
kurafuto_event_loop_lag_seconds_bucket{le="+Inf"} 100
kurafuto_event_loop_lag_seconds_count 100
kurafuto_players_lost_total{cause="garbage"} 7
`;

Deno.test("a look reads players of all listeners, memory and lag", () => {
  const { players, residentMiB, lag } = parseLook(TEXT);
  assertEquals([players, residentMiB], [15, 100]);
  assertEquals([...lag], [[0.0025, 90], [0.01, 99], [Infinity, 100]]);
});

Deno.test("lag between two looks is the bound that 99 % kept", () => {
  const lag = (...counts: readonly [number, number, number]): ReadonlyMap<number, number> =>
    new Map([[0.0025, counts[0]], [0.01, counts[1]], [Infinity, counts[2]]]);
  const none = new Map<number, number>();
  assertEquals(lagP99(none, lag(90, 99, 100)), 0.01);
  assertEquals(lagP99(lag(0, 0, 0), lag(99, 99, 100)), 0.0025);
  assertEquals(lagP99(lag(90, 99, 100), lag(90, 99, 110)), Infinity);
  assertEquals(lagP99(lag(90, 99, 100), lag(90, 99, 100)), undefined);
});

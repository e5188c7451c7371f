import type { Scenario } from "../scenario.ts";
import { BULK } from "./bulk.ts";
import { CONNECT } from "./connect.ts";
import { CROWD } from "./crowd.ts";
import { FANOUT } from "./fanout.ts";
import { IDLE } from "./idle.ts";
import { LOGIN } from "./login.ts";
import { MIXED } from "./mixed.ts";
import { PINGPONG } from "./pingpong.ts";
import { START } from "./start.ts";

/** Every scenario, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  ...FANOUT,
  PINGPONG,
  ...BULK,
  MIXED,
  CROWD,
  CONNECT,
  LOGIN,
  ...IDLE,
  START,
];

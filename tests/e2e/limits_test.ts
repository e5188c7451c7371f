import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { dialFrom } from "../../lib/transport/bound_dial.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { dial } from "../harness/link.ts";
import { Program } from "../harness/program.ts";
import { concat, identification } from "../session/logins.ts";
import { BELIEVES_CALLERS, callFrom } from "./callers.ts";
import { ObservedServer } from "./observed_server.ts";

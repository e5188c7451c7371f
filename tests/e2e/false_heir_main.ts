/** A program that is started to take over and does not: it says so much as its argument tells, and then dies or hangs. */
import { Conversation } from "../../lib/handover/conversation.ts";
import { findPredecessor } from "../../lib/handover/predecessor.ts";
import { HANDOVER_VERSION, type Message } from "../../lib/handover/messages.ts";

const [after, end] = Deno.args;
const signal = AbortSignal.timeout(60_000);
const HELLO: Message = { kind: "hello", version: HANDOVER_VERSION, release: "9.9.9", states: [1], pid: Deno.pid };
const script: Readonly<Record<string, (giver: Conversation) => Promise<unknown>>> = {
  nothing: () => Promise.resolve(),
  nonsense: (giver) => giver.say({ ...HELLO, version: HANDOVER_VERSION + 1 }, signal),
  hello: (giver) => giver.say(HELLO, signal),
  ready: async (giver) => {
    await giver.say(HELLO, signal);
    await giver.expect("given", signal);
    await giver.say({ kind: "ready" }, signal);
  },
  sessions: async (giver) => {
    await script["ready"]?.(giver);
    while (["samples", "sessions"].includes((await giver.hear(signal))?.message.kind ?? ""));
  },
  adopted: async (giver) => {
    await script["sessions"]?.(giver);
    await giver.say({ kind: "adopted", refused: [] }, signal);
    await giver.expect("commit", signal);
  },
};

const giver = findPredecessor();
if (giver !== undefined) await script[after ?? ""]?.(giver);
if (end === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
Deno.exit(3);

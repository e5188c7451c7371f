/** The commands that ask a running edge: what each of them asks, and how the answer is shown. */
import { resolve } from "node:path";
import type { AdminClient, Done } from "../admin/client.ts";
import type { AskingCommand } from "../command_line/commands.ts";
import type { FlagValues } from "../command_line/parse.ts";
import { ExitCode } from "../process/exit_code.ts";
import type { Paint } from "./paint.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import { planText, planTrouble, reloadCode, reloadText, reloadTrouble } from "./reload.ts";
import { statusText } from "./status.ts";
import { backendsTable, playersTable } from "./tables.ts";
import { trailText } from "./trail.ts";
import { upgradeTrouble } from "./upgrade.ts";

/** Commands with one answer. */
export type Question = Exclude<AskingCommand, "health" | "complete" | "drill" | "ctl events">;

export interface Request {
  readonly client: AdminClient;
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly paint: Paint;
}

/** What a command prints. */
export interface Shown {
  /** The API's answer, for programs. */
  readonly json: unknown;
  /** The same for people. */
  readonly text: string;
  /** What went wrong though there is an answer. */
  readonly trouble?: string | undefined;
  /** @default 0, or 1 where there is trouble */
  readonly code?: ExitCode;
}

/** What each command asks. Throws AdminError where the edge refuses. */
export const QUESTIONS: Readonly<Record<Question, (request: Request) => Promise<Shown>>> = {
  plan: async ({ client, paint }) => {
    const plan = await client.plan();
    const shown = { json: plan, text: planText(plan, paint), trouble: planTrouble(plan) };
    return plan.result === "invalid" || plan.result === "restart" ? { ...shown, code: ExitCode.Config } : shown;
  },
  reload: async ({ client, flags: { confirm } }) => {
    const answer = await client.reload(confirm === undefined ? undefined : `${confirm}ms`);
    const trouble = reloadTrouble(answer, "reload");
    return { json: answer, text: reloadText(answer, Date.now()), trouble, code: reloadCode(answer) };
  },
  confirm: async ({ client }) => done(await client.confirmReload()),
  rollback: async ({ client }) => {
    const answer = await client.rollBack();
    return { json: answer, text: reloadText(answer, Date.now()), trouble: reloadTrouble(answer, "roll back") };
  },
  upgrade: async ({ client, flags: { to } }) => {
    const answer = await client.upgrade(to && resolve(to));
    return { ...done(answer), ...upgradeTrouble(answer) };
  },
  drain: async ({ client }) => done(await client.drainEdge()),
  "ctl status": async ({ client, paint }) => {
    const status = await client.status();
    return { json: status, text: statusText(status, Date.now(), paint) };
  },
  "ctl players": async ({ client, paint }) => {
    const answer = await client.players();
    return { json: answer, text: playersTable(answer.players, paint) };
  },
  "ctl backends": async ({ client, paint }) => {
    const answer = await client.backends();
    return { json: answer, text: backendsTable(answer.backends, Date.now(), paint) };
  },
  "ctl move": async ({ client, args: [player = "", to = ""] }) => done(await client.move(player, to)),
  "ctl kick": async ({ client, args: [player = "", reason] }) => done(await client.kick(player, reason)),
  "ctl announce": async ({ client, args: [text = ""] }) => done(await client.announce(text)),
  "ctl drain": async ({ client, args: [backend = ""], flags: { move } }) =>
    done(await client.drainBackend(backend, { move })),
  "ctl enable": async ({ client, args: [backend = ""] }) => done(await client.enableBackend(backend)),
  "ctl explain": async ({ client, args: [who = ""], paint }) => {
    const trail = await client.explain(who);
    return { json: trail, text: trailText(trail, paint) };
  },
};

function done(answer: Done): Shown {
  return { json: answer, text: `${escapeUnsafe(answer.message)}\n` };
}

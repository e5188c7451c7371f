/** What the bodies of orders must look like. */
import { messageOf } from "../error_message.ts";
import * as z from "zod/mini";
import { currentValue } from "../config/current_value.ts";
import { choice, duration, type Field, flag, list, wholeNumber } from "../config/fields.ts";
import { suggestion } from "../config/nearest.ts";
import { FAULTS, LONGEST_DELAY_MS } from "../drill/fault.ts";
import { errorResponse } from "./api_error.ts";

/** UTF-16 units of the longest text of an order: announcements are given to every player. */
const LONGEST_TEXT = 1024;
/** Bytes of the longest path that Linux knows, less the zero behind it. */
const LONGEST_PATH = 4095;
/** Names that a drill may be for. */
const MOST_NAMES = 1_000;

function text(least: number): Field<string> {
  const error = `must be text of ${least} to ${LONGEST_TEXT} characters`;
  return z.string({ error }).check(z.minLength(least, { error }), z.maxLength(LONGEST_TEXT, { error }));
}

/** Of orders to which there is nothing to say. */
export const NOTHING = z.strictObject({});
export const MOVE = z.strictObject({ to: text(1) });
export const KICK = z.strictObject({ reason: z._default(text(0), "") });
export const DRAIN = z.strictObject({ move: z._default(flag(), false) });
export const ANNOUNCE = z.strictObject({
  text: text(1).check(z.regex(/\S/, { error: "must be text that is not all spaces" })),
});
export const RELOAD = z.strictObject({ confirm: z.optional(duration({ least: "1s", most: "24h" })) });

const PATH = "must be an absolute path";
export const UPGRADE = z.strictObject({
  to: z.optional(
    z.string({ error: PATH }).check(z.maxLength(LONGEST_PATH, { error: PATH }), z.regex(/^\/[^\0]+$/, { error: PATH })),
  ),
});
export const DRILL = z.strictObject({
  fault: choice(...FAULTS),
  backend: text(1),
  players: z.optional(
    list(text(1), "names").check(
      z.minLength(1, { error: "must name somebody" }),
      z.maxLength(MOST_NAMES, { error: `must have at most ${MOST_NAMES} names` }),
    ),
  ),
  for: z.prefault(duration({ least: "100ms", most: "1h" }), "10s"),
  delay_ms: z.prefault(wholeNumber(1, LONGEST_DELAY_MS), 250),
  seed: z.optional(wholeNumber(0, 2 ** 32 - 1)),
});

/** What a body says, or the answer to one that says nothing of use. */
export type OrderBody<T> = { readonly kind: "order"; readonly order: T } | {
  readonly kind: "refused";
  readonly response: Response;
};

/** Reads a body; an empty one is as good as `{}`. */
export async function readOrder<T>(request: Request, schema: z.ZodMiniType<T>): Promise<OrderBody<T>> {
  let body: unknown;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(await request.arrayBuffer());
    body = json.trim() === "" ? {} : JSON.parse(json);
  } catch (error) {
    const why = messageOf(error);
    return { kind: "refused", response: errorResponse(400, "bad_json", `Cannot read body as JSON: ${why}`) };
  }
  const result = schema.safeParse(body);
  if (result.success) return { kind: "order", order: result.data };
  const [issue] = result.error.issues;
  const why = issue === undefined ? "its body is wrong" : problem(issue, body, schema);
  return { kind: "refused", response: errorResponse(400, "bad_request", `Cannot take request as ${why}`) };
}

function problem(issue: z.core.$ZodIssue, body: unknown, schema: z.ZodMiniType): string {
  const [field] = issue.path;
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : [];
    return `its body has an unknown field: ${currentValue(key)}${suggestion(key, known)}`;
  }
  if (field === undefined) return "its body must be a JSON object";
  const name = JSON.stringify(String(field));
  const value = Object.entries(Object(body)).find(([key]) => key === field);
  if (value === undefined) return `its body lacks ${name}`;
  return issue.code === "custom"
    ? `${name} is wrong: ${issue.message}`
    : `${name} ${issue.message}: ${currentValue(value[1])}`;
}

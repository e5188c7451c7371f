/** What the bodies of orders must look like. */
import * as z from "zod";
import { currentValue } from "../config/current_value.ts";
import { choice, duration, wholeNumber } from "../config/fields.ts";
import { suggestion } from "../config/nearest.ts";
import { FAULTS } from "../drill/fault.ts";
import { errorResponse } from "./api_error.ts";

/** UTF-16 units of the longest text of an order: announcements are given to every player. */
const LONGEST_TEXT = 1024;
/** Bytes of the longest path that Linux knows, less the zero behind it. */
const LONGEST_PATH = 4095;
/** Names that a drill may be for. */
const MOST_NAMES = 1_000;
/** Milliseconds of the longest delay. */
const LONGEST_DELAY_MS = 60_000;

function text(least: number): z.ZodString {
  const error = `must be text of ${least} to ${LONGEST_TEXT} characters`;
  return z.string({ error }).min(least, { error }).max(LONGEST_TEXT, { error });
}

/** Of orders to which there is nothing to say. */
export const NOTHING = z.strictObject({});
export const MOVE = z.strictObject({ to: text(1) });
export const KICK = z.strictObject({ reason: text(0).default("") });
export const DRAIN = z.strictObject({ move: z.boolean({ error: "must be true or false" }).default(false) });
export const ANNOUNCE = z.strictObject({ text: text(1).regex(/\S/, { error: "must be text that is not all spaces" }) });
export const RELOAD = z.strictObject({ confirm: duration({ least: "1s", most: "24h" }).optional() });

const PATH = "must be an absolute path";
export const UPGRADE = z.strictObject({
  to: z.string({ error: PATH }).max(LONGEST_PATH, { error: PATH }).regex(/^\/[^\0]+$/, { error: PATH }).optional(),
});
export const DRILL = z.strictObject({
  fault: choice(...FAULTS),
  backend: text(1),
  players: z.array(text(1), { error: "must be an array of names" })
    .min(1, { error: "must name somebody" }).max(MOST_NAMES, { error: `must have at most ${MOST_NAMES} names` })
    .optional(),
  for: duration({ least: "100ms", most: "1h" }).prefault("10s"),
  delay_ms: wholeNumber(1, LONGEST_DELAY_MS).prefault(250),
  seed: wholeNumber(0, 2 ** 32 - 1).optional(),
});

/** What a body says, or the answer to one that says nothing of use. */
export type OrderBody<T> = { readonly kind: "order"; readonly order: T } | {
  readonly kind: "refused";
  readonly response: Response;
};

/** Reads a body; an empty one is as good as `{}`. */
export async function readOrder<T>(request: Request, schema: z.ZodType<T>): Promise<OrderBody<T>> {
  let body: unknown;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(await request.arrayBuffer());
    body = json.trim() === "" ? {} : JSON.parse(json);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "refused", response: errorResponse(400, "bad_json", `Cannot read body as JSON: ${why}`) };
  }
  const result = schema.safeParse(body);
  if (result.success) return { kind: "order", order: result.data };
  const [issue] = result.error.issues;
  const why = issue === undefined ? "its body is wrong" : problem(issue, body, schema);
  return { kind: "refused", response: errorResponse(400, "bad_request", `Cannot take request as ${why}`) };
}

function problem(issue: z.core.$ZodIssue, body: unknown, schema: z.ZodType): string {
  const [field] = issue.path;
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
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

/** What the bodies of orders must look like. */
import { z } from "zod";
import { currentValue } from "../config/current_value.ts";
import { duration } from "../config/fields.ts";
import { suggestion } from "../config/nearest.ts";
import { errorResponse } from "./api_error.ts";

/** UTF-16 units of the longest text of an order: announcements are given to every player. */
const LONGEST_TEXT = 1024;

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

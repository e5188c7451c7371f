/** Questions and orders to a program's admin API, as any HTTP client makes them. */
import type { Program } from "../harness/program.ts";

/** What came back. */
export interface AdminAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** Asks `path`, as `/v1/status`. */
export async function ask<T>(program: Program, path: string): Promise<AdminAnswer<T>> {
  const response = await fetch(`${program.admin}${path}`);
  return { status: response.status, body: await response.json() };
}

/** Orders `path`, as `/v1/reload`. */
export async function order<T>(program: Program, path: string, body: unknown = {}): Promise<AdminAnswer<T>> {
  const response = await fetch(`${program.admin}${path}`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

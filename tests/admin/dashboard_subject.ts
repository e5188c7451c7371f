/** The dashboard before an edge that only exists on paper. */
import { dashboardPage } from "../../lib/admin/dashboard/page.ts";
import type { AdminServerOptions } from "../../lib/admin/server.ts";
import { assert } from "../harness/assert.ts";
import { Subject } from "./subject.ts";

/** An admin server whose page is the dashboard. */
export async function openSubject(options: Partial<AdminServerOptions> = {}): Promise<Subject> {
  return await Subject.open({ page: await dashboardPage(), ...options });
}

/** Where its page is. */
export function urlOf({ server: { address } }: Subject): string {
  assert(address.kind === "tcp");
  return `http://${address.host === "0.0.0.0" ? "127.0.0.1" : address.host}:${address.port}/`;
}

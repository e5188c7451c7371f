import { type ConnectionLimits, Connections, type ConnectionVerdict } from "../../lib/guard/connections.ts";
import type { Lease } from "../../lib/guard/lease.ts";
import { assertEquals } from "../harness/assert.ts";

const LIMITS: ConnectionLimits = { perAddress: 2, rate: { count: 4, windowMs: 1000 }, dryRun: false };

function leaseOf(verdict: ConnectionVerdict): Lease {
  if (verdict.kind === "admitted") return verdict.lease;
  throw new Error(`refused: ${verdict.reason}`);
}

/** `"ok"`, or why it was or would have been refused. */
function outcome(verdict: ConnectionVerdict): string {
  return verdict.kind === "refused" ? verdict.reason : verdict.wouldRefuse ?? "ok";
}

Deno.test("an address has no more connections at one time than its limit", () => {
  const connections = new Connections(LIMITS);
  const first = leaseOf(connections.admit("192.0.2.1", 0));
  leaseOf(connections.admit("::ffff:192.0.2.1", 0));
  assertEquals(connections.admit("192.0.2.1", 0), { kind: "refused", reason: "too-many-connections" });
  assertEquals(outcome(connections.admit("192.0.2.2", 0)), "ok");
  first.release();
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "ok");
});

Deno.test("all addresses of an IPv6 /64 count as one", () => {
  const connections = new Connections(LIMITS);
  const outcomes = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"]
    .map((address) => outcome(connections.admit(address, 0)));
  assertEquals(outcomes, ["ok", "ok", "too-many-connections", "ok"]);
});

Deno.test("an address that comes and goes is held to its rate", () => {
  const connections = new Connections(LIMITS);
  for (let index = 0; index < 4; index++) leaseOf(connections.admit("192.0.2.1", 0)).release();
  assertEquals(connections.admit("192.0.2.1", 249), { kind: "refused", reason: "connecting-too-fast" });
  assertEquals(outcome(connections.admit("192.0.2.1", 250)), "ok");
});

Deno.test("an address without connections is forgotten, and a second release does nothing", () => {
  const connections = new Connections({ ...LIMITS, rate: { count: 100_000, windowMs: 1 } });
  const leases = Array.from({ length: 1000 }, (_, index) => leaseOf(connections.admit(`10.0.${index}`, 0)));
  const other = leaseOf(connections.admit("10.0.0", 0));
  assertEquals(connections.addresses, 1000);
  for (const lease of [...leases, ...leases]) lease.release();
  assertEquals(connections.addresses, 1);
  other.release();
  assertEquals(connections.addresses, 0);
});

Deno.test("a dry run admits everybody, counts them and says who would have been refused", () => {
  const connections = new Connections({ ...LIMITS, dryRun: true });
  const verdicts = Array.from({ length: 6 }, () => connections.admit("192.0.2.1", 0));
  assertEquals(verdicts.map(({ kind }) => kind), Array.from({ length: 6 }, () => "admitted"));
  assertEquals(verdicts.map(outcome), ["ok", "ok", ...Array.from({ length: 4 }, () => "too-many-connections")]);
  for (const verdict of verdicts) leaseOf(verdict).release();
  assertEquals(connections.addresses, 0);
  const fast = Array.from({ length: 3 }, () => {
    const verdict = connections.admit("192.0.2.1", 0);
    leaseOf(verdict).release();
    return outcome(verdict);
  });
  assertEquals(fast, ["ok", "ok", "connecting-too-fast"]);
});

Deno.test("other limits count at once, with the connections that are open", () => {
  const connections = new Connections(LIMITS);
  const leases = [connections.admit("192.0.2.1", 0), connections.admit("192.0.2.1", 0)].map(leaseOf);
  connections.configure({ ...LIMITS, perAddress: 3 });
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "ok");
  connections.configure({ ...LIMITS, perAddress: 1 });
  leases[0]?.release();
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "too-many-connections");
  connections.configure({ ...LIMITS, perAddress: 100, rate: { count: 1, windowMs: 10_000 } });
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "connecting-too-fast");
});

Deno.test("connections that are held count whatever the limits, until they are released", () => {
  const connections = new Connections({ ...LIMITS, perAddress: 1 });
  const leases = [connections.hold("192.0.2.1"), connections.hold("192.0.2.1")];
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "too-many-connections");
  for (const lease of leases) lease.release();
  assertEquals(connections.addresses, 0);
  assertEquals(outcome(connections.admit("192.0.2.1", 0)), "ok");
});

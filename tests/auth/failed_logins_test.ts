import { FailedLogins } from "../../lib/auth/failed_logins.ts";
import { assertEquals } from "../harness/assert.ts";

const ADDRESS = "192.0.2.1";
const FORGIVEN_MS = 600_000;

Deno.test("three failures are told at once, each further one later, up to four seconds", () => {
  const failed = new FailedLogins();
  const delays = Array.from({ length: 9 }, (_, index) => failed.add(ADDRESS, index));
  assertEquals(delays, [0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 4_000]);
});

Deno.test("failures of one address slow no other down", () => {
  const failed = new FailedLogins();
  for (let count = 0; count < 5; count++) failed.add(ADDRESS, 0);
  assertEquals([failed.add("192.0.2.2", 0), failed.size], [0, 2]);
});

Deno.test("ten minutes without a failure forgive all of them", () => {
  const failed = new FailedLogins();
  for (const now of [0, 0, 0, 0, 0]) failed.add(ADDRESS, now);
  assertEquals(failed.add(ADDRESS, FORGIVEN_MS - 1), 1_000);
  assertEquals(failed.add(ADDRESS, 2 * FORGIVEN_MS - 1), 0);
  assertEquals([1, 2, 3].map((later) => failed.add(ADDRESS, 2 * FORGIVEN_MS + later)), [0, 0, 250]);
});

Deno.test("however often one fails, the wait stays within bounds", () => {
  const failed = new FailedLogins();
  let delay = 0;
  for (let count = 0; count < 5_000; count++) delay = failed.add(ADDRESS, 0);
  assertEquals(delay, 4_000);
});

Deno.test("the addresses that are remembered are bounded, and who keeps failing stays among them", () => {
  const failed = new FailedLogins();
  for (let number = 0; number < 70_000; number++) {
    failed.add(`address ${number}`, 0);
    if (number % 10_000 === 0) failed.add(ADDRESS, 0);
  }
  assertEquals([failed.size, failed.add(ADDRESS, 0), failed.add("address 0", 0)], [65_536, 4_000, 0]);
});

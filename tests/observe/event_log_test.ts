import type { EdgeEvent, StampedEvent } from "../../lib/observe/edge_event.ts";
import { EventLog } from "../../lib/observe/event_log.ts";
import { assertEquals } from "../harness/assert.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function waited(player: string): EdgeEvent {
  return { event: "wait", session: "4H2KX", player, cause: "no server" };
}

function openEvents(): { readonly events: EventLog; readonly crashes: unknown[] } {
  const crashes: unknown[] = [];
  return { events: new EventLog({ crashed: (error) => crashes.push(error), now: () => NOW }), crashes };
}

function publish(events: EventLog, count: number): void {
  for (let i = 0; i < count; i++) events.publish(waited(`${i}`));
}

function idsSince(events: EventLog, id: number): readonly number[] {
  return events.since(id).map(({ id }) => id);
}

Deno.test("events are numbered from 1 and bear the time", () => {
  const { events } = openEvents();
  const heard: StampedEvent[] = [];
  events.subscribe((event) => heard.push(event));
  events.publish(waited("Steve"));
  events.publish({ event: "edge", state: "draining" });
  assertEquals(heard, [
    { id: 1, time: "2026-01-02T03:04:05.678Z", event: "wait", session: "4H2KX", player: "Steve", cause: "no server" },
    { id: 2, time: "2026-01-02T03:04:05.678Z", event: "edge", state: "draining" },
  ]);
  assertEquals(events.since(0), heard);
});

Deno.test("whoever comes back is given what they missed, or everything kept where the edge was started anew", () => {
  const { events } = openEvents();
  assertEquals(idsSince(events, 0), []);
  publish(events, 5);
  assertEquals(idsSince(events, 0), [1, 2, 3, 4, 5]);
  assertEquals(idsSince(events, 3), [4, 5]);
  assertEquals(idsSince(events, 5), []);
  assertEquals(idsSince(events, 6), [1, 2, 3, 4, 5]);
});

Deno.test("the last 1,000 events are kept, and no more", () => {
  const { events } = openEvents();
  publish(events, 2_345);
  const all = idsSince(events, 0);
  assertEquals([all.length, all[0], all.at(-1)], [1_000, 1_346, 2_345]);
  assertEquals(idsSince(events, 1_345), all);
  assertEquals(idsSince(events, 2_000).length, 345);
  assertEquals(idsSince(events, 9_999), all);
});

Deno.test("a listener that fails is reported, and hurts neither the others nor whoever published", () => {
  const { events, crashes } = openEvents();
  const heard: number[] = [];
  events.subscribe(() => {
    throw new Error("fault");
  });
  events.subscribe(({ id }) => heard.push(id));
  publish(events, 2);
  assertEquals(heard, [1, 2]);
  assertEquals(crashes.map(String), ["Error: fault", "Error: fault"]);
});

Deno.test("a listener hears nothing once it has stopped, even while it listens", () => {
  const { events } = openEvents();
  const heard: string[] = [];
  const listener = ({ id }: StampedEvent): void => {
    heard.push(`twice ${id}`);
  };
  events.subscribe(listener);
  const stop = events.subscribe(listener);
  const stopOnce = events.subscribe(({ id }) => {
    heard.push(`once ${id}`);
    stopOnce();
  });
  publish(events, 1);
  stop();
  publish(events, 1);
  assertEquals(heard, ["twice 1", "twice 1", "once 1", "twice 2"]);
});

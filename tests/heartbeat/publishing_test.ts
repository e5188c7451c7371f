/** Publishers and real lists. */
import { postBeat } from "../../lib/heartbeat/post.ts";
import { Publisher, type PublisherEvent } from "../../lib/heartbeat/publisher.ts";
import { machineClock } from "../../lib/clock.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { quietPort } from "../harness/quiet_port.ts";
import { CAN_RESET } from "../harness/reset.ts";
import { Waits } from "../harness/waits.ts";
import { RECORDED_FACTS } from "./facts.ts";
import { LISTED, type Play, PLAY_URL, refusal, reply, ScriptedList } from "./scripted_list.ts";

/** Milliseconds after which a heartbeat to a list that hangs is given up; one to another list has longer than any wait here. */
const HANGING_MS = 1_000;
const PATIENT_MS = 30_000;

/** A publisher that posts every 20 ms. */
class Publishing implements AsyncDisposable {
  readonly events: PublisherEvent[] = [];
  readonly publisher: Publisher;
  readonly #waits = new Waits(() => `the publisher told ${JSON.stringify(this.events)}`);

  constructor(url: string, timeoutMs: number = PATIENT_MS) {
    this.publisher = new Publisher({
      intervalMs: 20,
      clock: machineClock,
      random: Math.random,
      facts: () => RECORDED_FACTS,
      onEvent: (event) => {
        this.events.push(event);
        this.#waits.changed();
      },
      published: () => this.#waits.changed(),
      send: (facts, signal) => postBeat({ url, facts, signal, timeoutMs }),
    });
    this.publisher.start();
  }

  async until(probe: () => boolean, what: string): Promise<void> {
    await this.#waits.until(probe, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.publisher.stop();
  }
}

/** One of each kind. */
const BAD: readonly Play[] = [
  refusal("Port 25599 not open, you may need to port forward it."),
  reply("200 OK", "text/html", "<html>Down</html>"),
  reply("500 Internal Server Error", "text/html", "<html>oops"),
  reply("302 Found", "text/html", "", "Location: https://elsewhere.example/\r\n"),
  reply("200 OK", "text/plain", ""),
  { bytes: "garbage\r\n\r\n", then: "close" },
  { bytes: "HTTP/1.1 200 OK\r\nCont", then: "close" },
  { bytes: LISTED.bytes.slice(0, -5), then: CAN_RESET ? "reset" : "close" },
  { bytes: "", then: "hold" },
];

Deno.test("a listing recovers after every kind of bad reply, and keeps its address meanwhile", async () => {
  await using list = new ScriptedList();
  await using publishing = new Publishing(list.url(), HANGING_MS);
  const { events, publisher } = publishing;
  await publishing.until(() => events.at(-1)?.kind === "listed", "the listing");
  for (const bad of BAD) {
    const before = events.length;
    list.play = bad;
    await publishing.until(() => events.length > before, "the failure");
    assertEquals(events.at(-1)?.kind, "failed");
    assertEquals(publisher.state.url, PLAY_URL);
    list.play = LISTED;
    await publishing.until(() => events.at(-1)?.kind === "listed", "the recovery");
  }
  assert(events.every((event) => event.kind === "failed" || event.url === PLAY_URL));
});

Deno.test("one bad reply after another stops nothing", async () => {
  await using list = new ScriptedList();
  list.play = refusal("No.");
  await using publishing = new Publishing(list.url(), HANGING_MS);
  for (const bad of BAD) {
    list.play = bad;
    const seen = list.requests.length;
    await list.until(() => list.requests.length > seen, "the next heartbeat");
  }
  list.play = LISTED;
  await publishing.until(() => publishing.events.at(-1)?.kind === "listed", "the listing");
});

Deno.test("a list that comes up later gets the heartbeat", async () => {
  const port = quietPort();
  await using publishing = new Publishing(`http://127.0.0.1:${port}/heartbeat.jsp`);
  await publishing.until(() => publishing.events.length === 1, "the failure");
  await using _list = new ScriptedList({ port });
  await publishing.until(() => publishing.events.at(-1)?.kind === "listed", "the listing");
});

Deno.test("a list that is dead or hangs does not disturb another", async () => {
  await using alive = new ScriptedList();
  await using hanging = new ScriptedList();
  hanging.play = { bytes: "", then: "hold" };
  await using good = new Publishing(alive.url());
  await using slow = new Publishing(hanging.url(), HANGING_MS);
  await using dead = new Publishing(`http://127.0.0.1:${quietPort()}/heartbeat.jsp`);
  await alive.until(() => alive.requests.length >= 20, "twenty heartbeats");
  await Promise.all([slow, dead].map((bad) => bad.until(() => bad.events.length > 0, "the failure")));
  assertEquals(good.events, [{ kind: "listed", url: PLAY_URL, changed: true, failures: 0 }]);
  assert([...slow.events, ...dead.events].every(({ kind }) => kind === "failed"));
});

Deno.test("stopping closes the connection of the heartbeat that is under way", async () => {
  await using list = new ScriptedList();
  list.play = { bytes: "", then: "hold" };
  const publishing = new Publishing(list.url());
  await list.until(() => list.requests.length === 1, "the heartbeat");
  await publishing.publisher.stop();
  await list.until(() => list.abandoned === 1, "the end of the connection");
  assertEquals(publishing.events, []);
});

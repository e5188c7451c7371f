import { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { encodePacket } from "../../../lib/protocol/packets.ts";
import { CLIENT, type Leg, type SessionEvent } from "../../../lib/session/port.ts";
import { assert, assertEquals } from "../../harness/assert.ts";
import { MemoryDriver } from "../../harness/memory_driver.ts";
import { all, chatLines, frames } from "../frames.ts";
import { concat, dialect, extensionList, identification, playing, smallMap, welcome } from "../logins.ts";

const FULL = ExtensionSet.ALL;
const LEG = dialect(FULL);
const CLOSES = "&ehub closes now, you are taken elsewhere";

/** Somebody who plays on "hub", beside "arena" and "museum". */
class Guest {
  readonly driver: MemoryDriver = playing(FULL, {}, ["hub", "arena", "museum"]);
  readonly hub: Leg = this.driver.backend;

  constructor() {
    this.driver.fromBackend(smallMap(LEG));
    this.driver.fromClient(encodePacket("CustomBlockSupportLevel", LEG, { level: 1 }));
    this.read();
  }

  /** Names of the backends that were dialled since the login. */
  get dialled(): readonly string[] {
    return this.driver.dialled.slice(1).map(({ backend }) => backend);
  }

  /** Moves that were carried out, as `hub drain`. */
  get moves(): readonly string[] {
    const moved = (event: SessionEvent): readonly string[] =>
      event.kind === "moved" ? [`${event.move.from} ${event.move.signal}`] : [];
    return this.driver.events.flatMap(moved);
  }

  /** The hub is to be emptied, or is not any more. */
  empty(isClosing: boolean): void {
    const { closing } = this.driver.routes;
    if (isClosing) closing.add("hub");
    else closing.delete("hub");
    this.driver.session.reconsider();
  }

  /** The lines of chat that the client was sent since the last call. */
  read(): readonly string[] {
    return chatLines(LEG, this.driver.take(CLIENT));
  }

  says(message: string): void {
    this.driver.fromClient(encodePacket("PlayerMessage", LEG, { partial: 0, message }));
  }

  /** The backend dialled last takes the player, whose client passes the fence. */
  arrive(): void {
    const { driver } = this;
    driver.open();
    driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), smallMap(LEG)));
    const fence = all("TwoWayPing", LEG, frames("s2c", LEG, driver.take(CLIENT))).find(({ data }) => data >= 0x8000);
    assert(fence !== undefined, "no fence");
    driver.fromClient(encodePacket("TwoWayPing", LEG, fence));
    driver.settle();
  }
}

Deno.test("a player on a backend that is to be emptied is told so and moved to a fallback", () => {
  const guest = new Guest();
  guest.empty(true);
  assertEquals([guest.read(), guest.dialled], [[CLOSES], ["arena"]]);
  guest.arrive();
  assertEquals([guest.moves, guest.driver.session.whereabouts], [["hub drain"], {
    state: "playing",
    backend: "arena",
  }]);
});

Deno.test("where nobody takes them, players of a backend that is to be emptied play on there for as long as it takes", () => {
  const guest = new Guest();
  const { driver } = guest;
  driver.routes.busy.add("arena").add("museum");
  guest.empty(true);
  for (let i = 0; i < 12; i++) {
    driver.advance(10_000);
    driver.feed(guest.hub, encodePacket("Ping", LEG, {}));
  }
  assertEquals([guest.read(), driver.session.whereabouts], [[CLOSES], { state: "playing", backend: "hub" }]);
  guest.says("still here");
  assert(all("PlayerMessage", LEG, frames("c2s", LEG, driver.take(guest.hub))).length > 0);
  driver.routes.busy.clear();
  driver.session.admitted();
  assertEquals(guest.dialled, ["arena"]);
  guest.arrive();
  assertEquals(guest.moves, ["hub drain"]);
});

Deno.test("a backend that is to be emptied no longer keeps those who have waited", () => {
  const guest = new Guest();
  const { driver } = guest;
  driver.routes.busy.add("arena").add("museum");
  guest.empty(true);
  guest.empty(false);
  driver.routes.busy.clear();
  driver.session.admitted();
  assertEquals([guest.dialled, driver.routes.openTickets, driver.session.whereabouts], [
    [],
    0,
    { state: "playing", backend: "hub" },
  ]);
});

Deno.test("a player who is being taken elsewhere goes there, also when the backend is to be emptied no more", () => {
  const guest = new Guest();
  guest.empty(true);
  guest.empty(false);
  guest.arrive();
  assertEquals([guest.dialled, guest.moves], [["arena"], ["hub drain"]]);
});

Deno.test("a player who waits to leave may choose for themselves where to go", () => {
  const guest = new Guest();
  guest.driver.routes.busy.add("arena").add("museum");
  guest.empty(true);
  guest.driver.routes.busy.delete("museum");
  guest.says("/server museum");
  assertEquals(guest.dialled, ["museum"]);
  guest.arrive();
  assertEquals([guest.moves, guest.driver.routes.openTickets], [["hub player"], 0]);
});

Deno.test("a player whose own choice fails is taken elsewhere after all", () => {
  const guest = new Guest();
  const { driver } = guest;
  driver.routes.busy.add("arena");
  guest.empty(true);
  guest.says("/server museum");
  driver.session.failed(driver.backend, "refused");
  driver.settle();
  driver.routes.busy.clear();
  driver.routes.down.add("museum");
  driver.session.admitted();
  assertEquals(guest.dialled, ["museum", "arena"]);
  guest.arrive();
  assertEquals(guest.moves, ["hub drain"]);
});

Deno.test("a player who arrives on a backend that is to be emptied by then leaves it again", () => {
  const guest = new Guest();
  guest.says("/server arena");
  guest.driver.routes.closing.add("arena");
  guest.arrive();
  assertEquals(guest.dialled, ["arena", "hub"]);
});

Deno.test("a player whose login there was under way goes on to another backend", () => {
  const driver = new MemoryDriver({ announced: FULL }, ["hub", "arena"]);
  driver.fromClient(identification());
  driver.open();
  driver.fromClient(extensionList(FULL));
  driver.routes.closing.add("hub");
  driver.session.reconsider();
  driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome()));
  assertEquals(driver.dialled.map(({ backend }) => backend), ["hub", "arena"]);
});

Deno.test("a player who is on the way elsewhere is not bothered", () => {
  const guest = new Guest();
  guest.says("/server museum");
  guest.read();
  guest.empty(true);
  assertEquals([guest.read(), guest.dialled], [[], ["museum"]]);
  guest.arrive();
  assertEquals(guest.moves, ["hub player"]);
});

Deno.test("a player who stands in line for a backend that is not there any more is told so, and stays", () => {
  const guest = new Guest();
  const { routes, session } = guest.driver;
  routes.busy.add("museum");
  guest.says("/server museum");
  guest.read();
  session.reconsider();
  assertEquals([guest.read(), routes.openTickets], [[], 1]);
  routes.down.add("museum");
  session.reconsider();
  assertEquals([guest.read(), routes.openTickets, session.whereabouts], [
    ["&cYou cannot go to &fmuseum&c now: &fmuseum takes nobody now"],
    0,
    { state: "playing", backend: "hub" },
  ]);
});

Deno.test("a player in the waiting room whose choice is not there any more goes wherever they are taken", () => {
  const guest = new Guest();
  const { driver } = guest;
  driver.routes.down.add("arena").add("museum");
  driver.session.failed(guest.hub, "reset");
  driver.settle();
  driver.routes.down.delete("museum");
  driver.routes.busy.add("museum");
  guest.says("/server museum");
  driver.routes.down.delete("arena");
  driver.session.admitted();
  assertEquals(guest.dialled, []);
  driver.routes.down.add("museum");
  driver.session.reconsider();
  assertEquals(guest.dialled, ["arena"]);
});

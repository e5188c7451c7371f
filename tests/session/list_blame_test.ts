import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { blamesList } from "../../lib/session/list_blame.ts";
import { CLIENT, DEFAULT_LIMITS, type ListDelivery } from "../../lib/session/port.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { MemoryDriver } from "../harness/memory_driver.ts";
import { chatLines } from "./frames.ts";
import { concat, dialect, extensionList, identification, kickText, playing, smallMap, welcome } from "./logins.ts";

const SMALL = ExtensionSet.of("CustomBlocks", "HeldBlock", "TwoWayPing");
const BLAME = kick('Unhandled opcode "16"!');

function kick(reason: string): Uint8Array {
  return encodePacket("DisconnectPlayer", dialect(), { reason });
}

/** Somebody who plays on a backend that has said nothing of CPE, sent a list as `deliveries.at(-1)` says then. */
function onOldServer(deliveries: ListDelivery[]): MemoryDriver {
  const delivery = (): ListDelivery => deliveries.at(-1) ?? "at once";
  const driver = new MemoryDriver({ announced: SMALL, listDelivery: delivery }, ["hub", "arena"]);
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.fromBackend(concat(welcome(), smallMap(dialect())));
  driver.advance(DEFAULT_LIMITS.trialMs);
  driver.take(CLIENT);
  driver.take(driver.backend);
  return driver;
}

function isBlamed(driver: MemoryDriver): boolean {
  return driver.events.some(({ kind }) => kind === "list-refused");
}

for (
  const [text, expected] of [
    ['Unhandled opcode "16"!', true],
    ["Unhandled message id &c16", true],
    ["Bad command: 16", true],
    ["Unknown packet 0x10", true],
    ["What is an ExtInfo?", true],
    ['Unhandled opcode "160"!', false],
    ['Unhandled opcode "116"!', false],
    ["Bad packet 0x10f", false],
    ["You are banned", false],
    ["You are banned for 16 days", false],
    ["see you @world-16", false],
    ["Server is full (16/16)", false],
    ["", false],
  ] as const
) {
  Deno.test(`"${text}" is ${expected ? "" : "not "}about the list`, () => assertEquals(blamesList(text), expected));
}

for (const delivery of ["on trial", "at once"] as const) {
  Deno.test(`a backend that blames the list only in play, sent ${delivery}, has lost the player and not kicked them`, () => {
    const driver = onOldServer([delivery]);
    const hub = driver.backend;
    driver.advance(DEFAULT_LIMITS.blameMs - DEFAULT_LIMITS.trialMs - 1);
    driver.feed(hub, BLAME);
    assertEquals(driver.take(CLIENT).length, 0);
    assert(isBlamed(driver));
    assertEquals(driver.dialled.at(-1)?.backend, "arena");
    driver.open();
    driver.fromBackend(concat(extensionList(SMALL), welcome(), smallMap(dialect(SMALL))));
    assertEquals(driver.session.whereabouts.backend, "arena");
  });
}

Deno.test("a backend that broke off over the list is not sent it again, whatever others say of it meanwhile", () => {
  const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => "at once" }, ["hub"]);
  driver.fromClient(concat(identification(), extensionList(SMALL)));
  driver.open();
  driver.fromBackend(welcome());
  driver.session.eof(driver.backend);
  driver.settle();
  driver.open();
  assertEquals(driver.take(driver.backend), identification());
});

Deno.test("whoever goes over to another process meanwhile is not kicked over the list there", () => {
  const driver = onOldServer(["on trial"]);
  assert(driver.carryOver() !== undefined);
  driver.advance(DEFAULT_LIMITS.blameMs - DEFAULT_LIMITS.trialMs);
  driver.fromBackend(BLAME);
  assert(isBlamed(driver));
  assertEquals(driver.session.ended, false);
});

const REAL_KICKS: readonly [string, (driver: MemoryDriver) => void, Uint8Array][] = [
  ["with other words", () => {}, kick("You are banned")],
  ["later", (driver) => driver.advance(DEFAULT_LIMITS.blameMs), BLAME],
  ["later, in another process", (driver) => {
    driver.carryOver();
    driver.advance(DEFAULT_LIMITS.blameMs);
  }, BLAME],
];

for (const [how, before, bytes] of REAL_KICKS) {
  Deno.test(`a kick ${how} is the player's, word for word`, () => {
    const driver = onOldServer(["on trial"]);
    before(driver);
    driver.take(CLIENT);
    driver.fromBackend(bytes);
    assertEquals(driver.take(CLIENT), bytes);
    assertEquals([isBlamed(driver), driver.session.ended], [false, true]);
  });
}

Deno.test("a backend that was sent no list, or has answered one, cannot mean it", () => {
  const drivers = [onOldServer(["on request"]), playing(SMALL)];
  for (const driver of drivers) {
    driver.fromBackend(BLAME);
    assertEquals(kickText(driver.take(CLIENT)), 'Unhandled opcode "16"!');
    assertEquals(isBlamed(driver), false);
  }
});

Deno.test("a backend without CPE that closes soon after a list may mean that, and one that the player leaves does not", () => {
  const closed = onOldServer(["at once"]);
  closed.session.eof(closed.backend);
  assert(isBlamed(closed));
  const left = onOldServer(["at once"]);
  left.session.eof(CLIENT);
  left.session.eof(left.backend);
  assertEquals(isBlamed(left), false);
});

const BREAK_OFFS: readonly [string, (driver: MemoryDriver) => void][] = [
  ["blames the list", (driver) => driver.fromBackend(BLAME)],
  ["closes", (driver) => driver.session.eof(driver.backend)],
];

for (const [what, breakOff] of BREAK_OFFS) {
  Deno.test(`a backend that had borne a list and ${what} at a login is dialled again without one`, () => {
    const deliveries: ListDelivery[] = ["at once"];
    const driver = new MemoryDriver({ announced: SMALL, listDelivery: () => deliveries.at(-1) ?? "at once" });
    driver.fromClient(concat(identification(), extensionList(SMALL)));
    driver.open();
    driver.fromBackend(welcome());
    const first = driver.backend;
    breakOff(driver);
    assert(isBlamed(driver));
    deliveries.push("on request");
    driver.session.gone(first);
    driver.open();
    assertEquals(driver.take(driver.backend), identification());
    driver.take(CLIENT);
    driver.fromBackend(concat(welcome(), smallMap(dialect())));
    assertEquals(driver.take(CLIENT), concat(welcome(), smallMap(dialect(SMALL))));
  });
}

Deno.test("a move to a backend that blames the list before the player sees it leaves them where they are", () => {
  const driver = playing(SMALL, { listDelivery: () => "at once" }, ["hub", "arena"]);
  const hub = driver.backend;
  driver.feed(hub, encodePacket("LevelInitialize", dialect(SMALL), {}));
  driver.fromClient(encodePacket("PlayerMessage", dialect(SMALL), { partial: 255, message: "/server arena" }));
  driver.open();
  driver.take(CLIENT);
  driver.fromBackend(concat(welcome(), smallMap(dialect())));
  assertEquals(driver.take(CLIENT).length, 0);
  driver.fromBackend(BLAME);
  assert(isBlamed(driver));
  assertEquals(chatLines(dialect(SMALL), driver.take(CLIENT)), [
    "&cYou cannot go to &farena&c now: &farena: broke off over the",
    "> &fextensions",
  ]);
  assertEquals(driver.session.whereabouts, { state: "playing", backend: "hub" });
});

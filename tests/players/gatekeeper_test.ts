import { Keyring, type Service } from "../../lib/auth/keyring.ts";
import { keyOf } from "../../lib/auth/mppass.ts";
import { Gatekeeper, type GatekeeperOptions, type Visitor } from "../../lib/players/gatekeeper.ts";
import { type AccessEntries, AccessList, parseSubject } from "../../lib/guard/access_list.ts";
import type { Admission } from "../../lib/session/port.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const PLAIN: Service = { name: "plain.example", suffix: "" };
const MARKED: Service = { name: "marked.example", suffix: "_x" };
const WRONG_KEY = { kind: "refused", reason: "wrong-key", detail: "the key does not prove the name" } as const;

/** Somebody at the gate, who does not leave before the test says so. */
class Guest implements Visitor {
  /** What was done to them, in order. */
  readonly told: string[] = [];
  leaving = false;

  constructor(readonly address: string, readonly listener = "main") {}

  dismiss(...words: readonly (string | undefined)[]): void {
    this.told.push(`dismissed: ${words.join(", ")}`);
  }

  call(): void {
    this.told.push("called");
  }
}

/** A gate whose listener "main" asks for keys, and "open" does not. */
class Gate {
  readonly keeper: Gatekeeper;
  now = 0;
  readonly #keyring: Keyring;
  #access = new AccessList({ ban: [], allow: [] });

  private constructor(keyring: Keyring, options: Partial<GatekeeperOptions>) {
    this.#keyring = keyring;
    this.keeper = new Gatekeeper({
      keyrings: new Map([["main", keyring], ["open", undefined]]),
      duplicateNames: "kick-old",
      maxPlayers: 100,
      allowOnly: false,
      access: () => this.#access,
      now: () => this.now,
      ...options,
    });
  }

  static async open(options: Partial<GatekeeperOptions> = {}): Promise<Gate> {
    const dataDir = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    try {
      const keyring = await Keyring.open({
        dataDir,
        listener: "main",
        services: [PLAIN, MARKED],
        rotationMs: 1,
        overlapMs: 1,
        onProblem: () => {},
      });
      return new Gate(keyring, options);
    } finally {
      await Deno.remove(dataDir, { recursive: true });
    }
  }

  /** Edits the lists: entries with the reason "grief". */
  list({ ban = [], allow = [] }: { readonly ban?: readonly string[]; readonly allow?: readonly string[] }): void {
    const entries = (texts: readonly string[]): AccessEntries["ban"] =>
      texts.map((text) => ({ subject: parseSubject(text), until: undefined, reason: "grief" }));
    this.#access = new AccessList({ ban: entries(ban), allow: entries(allow) });
  }

  keyOf(name: string, { name: service }: Service = PLAIN): string {
    return keyOf(this.#keyring.saltOf(service), name);
  }

  /** Asks in the name of somebody whose key is right. */
  admit(guest: Guest, name: string, service: Service = PLAIN): Admission {
    return this.keeper.admit(guest, name, this.keyOf(name, service));
  }
}

/** The name of who is let in, or why somebody is not. */
function outcome(admission: Admission): string {
  switch (admission.kind) {
    case "admitted":
      return admission.name;
    case "later":
      return "later";
    case "refused":
      return admission.reason;
  }
}

Deno.test("where keys are asked for, only who has the right one is let in", async () => {
  const gate = await Gate.open();
  const guest = new Guest("192.0.2.1");
  assertEquals(gate.keeper.admit(guest, "Alice", gate.keyOf("Bob")), { ...WRONG_KEY, delayMs: 0 });
  assertEquals(gate.keeper.players, 0);
  assertEquals(gate.admit(guest, "Alice"), { kind: "admitted", name: "Alice" });
  assertEquals([gate.keeper.players, gate.keeper.playersThrough("main")], [1, 1]);
});

Deno.test("where keys are not asked for, anybody is", async () => {
  const gate = await Gate.open();
  const guest = new Guest("192.0.2.1", "open");
  assertEquals(gate.keeper.admit(guest, "Alice", ""), { kind: "admitted", name: "Alice" });
  const counts = [gate.keeper.players, gate.keeper.playersThrough("main"), gate.keeper.playersThrough("open")];
  assertEquals(counts, [1, 0, 1]);
});

Deno.test("wrong keys are answered ever later, those of an IPv6 network together, others at once", async () => {
  const gate = await Gate.open();
  const delay = (address: string): number | undefined => {
    const admission = gate.keeper.admit(new Guest(address), "Alice", "-");
    return admission.kind === "refused" ? admission.delayMs : undefined;
  };
  const one = Array.from({ length: 5 }, () => "192.0.2.1");
  assertEquals([...one, "192.0.2.2"].map(delay), [0, 0, 0, 250, 500, 0]);
  const network = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff", "2001:db8::1"];
  assertEquals([...network, "2001:db8:0:1::1"].map(delay), [0, 0, 0, 250, 0]);
  gate.now = 600_000;
  assertEquals(delay("192.0.2.1"), 0);
  // A right key is let in at once all the same.
  assertEquals(outcome(gate.admit(new Guest("192.0.2.1"), "Alice")), "Alice");
});

Deno.test("the list that vouches for a name puts its suffix behind it", async () => {
  const gate = await Gate.open();
  const outcomes = [PLAIN, MARKED].map((service) => outcome(gate.admit(new Guest("192.0.2.1"), "Alice", service)));
  assertEquals(outcomes, ["Alice", "Alice_x"]);
  assertEquals(gate.keeper.players, 2);
});

Deno.test("a name that is too long with its suffix is refused", async () => {
  const gate = await Gate.open();
  const guest = new Guest("192.0.2.1");
  assertEquals(outcome(gate.admit(guest, "A".repeat(14), MARKED)), `${"A".repeat(14)}_x`);
  assertEquals(outcome(gate.admit(guest, "B".repeat(16), PLAIN)), "B".repeat(16));
  const detail = `${"C".repeat(15)}_x has more than 16 characters`;
  assertEquals(gate.admit(guest, "C".repeat(15), MARKED), { kind: "refused", reason: "long-name", detail });
});

Deno.test("who proves a name that is playing takes it over, once the other is gone", async () => {
  const gate = await Gate.open();
  const [old, heir] = [new Guest("192.0.2.1"), new Guest("192.0.2.2")];
  gate.admit(old, "Alice");
  assertEquals(outcome(gate.admit(heir, "Alice")), "later");
  assertEquals(old.told, ["dismissed: replaced, logged in from 192.0.2.2"]);
  // Asking again before that changes nothing.
  assertEquals([outcome(gate.admit(heir, "Alice")), heir.told], ["later", []]);
  gate.keeper.left(old);
  assertEquals(heir.told, ["called"]);
  assertEquals([outcome(gate.admit(heir, "Alice")), gate.keeper.players], ["Alice", 1]);
  // The name is the heir's now, whatever else is heard of the one before.
  gate.keeper.left(old);
  assertEquals([gate.keeper.players, outcome(gate.admit(new Guest("192.0.2.3"), "Alice"))], [1, "later"]);
});

Deno.test("who cannot prove a name gets it once its player, who is leaving, is gone; one at a time", async () => {
  const gate = await Gate.open();
  const [old, heir, other] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => new Guest(address, "open"));
  assert(old !== undefined && heir !== undefined && other !== undefined);
  gate.keeper.admit(old, "Alice", "-");
  assertEquals(outcome(gate.keeper.admit(heir, "Alice", "-")), "name-taken");
  old.leaving = true;
  assertEquals(outcome(gate.keeper.admit(heir, "Alice", "-")), "later");
  assertEquals(outcome(gate.keeper.admit(other, "Alice", "-")), "name-taken");
  assertEquals([old.told, heir.told], [[], []]);
  gate.keeper.left(old);
  assertEquals([heir.told, outcome(gate.keeper.admit(heir, "Alice", "-"))], [["called"], "Alice"]);
});

Deno.test("names are the same in any case", async () => {
  const gate = await Gate.open();
  const [old, heir] = [new Guest("192.0.2.1"), new Guest("192.0.2.2")];
  gate.admit(old, "ALICE");
  assertEquals(outcome(gate.admit(heir, "Alice")), "later");
  gate.keeper.left(old);
  assertEquals([heir.told, outcome(gate.admit(heir, "Alice"))], [["called"], "Alice"]);
  gate.keeper.left(heir);
  assertEquals(gate.keeper.players, 0);
});

Deno.test("a second heir takes the place of the first", async () => {
  const gate = await Gate.open();
  const [old, first, second] = [new Guest("192.0.2.1"), new Guest("192.0.2.2"), new Guest("192.0.2.3")];
  gate.admit(old, "Alice");
  gate.admit(first, "Alice");
  assertEquals(outcome(gate.admit(second, "Alice")), "later");
  assertEquals(first.told, ["dismissed: replaced, logged in from 192.0.2.3"]);
  gate.keeper.left(first);
  gate.keeper.left(old);
  assertEquals([first.told.length, second.told], [1, ["called"]]);
});

Deno.test("an heir who leaves is not called, and leaves the name free", async () => {
  const gate = await Gate.open();
  const [old, heir, next] = [new Guest("192.0.2.1"), new Guest("192.0.2.2"), new Guest("192.0.2.3")];
  gate.admit(old, "Alice");
  gate.admit(heir, "Alice");
  gate.keeper.left(heir);
  gate.keeper.left(old);
  assertEquals([heir.told, gate.keeper.players], [[], 0]);
  assertEquals(outcome(gate.admit(next, "Alice")), "Alice");
});

Deno.test("who cannot prove a name does not take it over", async () => {
  const gate = await Gate.open();
  const old = new Guest("192.0.2.1", "open");
  gate.keeper.admit(old, "Alice", "");
  const detail = "played from 192.0.2.1";
  assertEquals(gate.keeper.admit(new Guest("192.0.2.2", "open"), "alice", ""), {
    kind: "refused",
    reason: "name-taken",
    detail,
  });
  assertEquals(old.told, []);
  // Who proves it does, through whichever listener the other came.
  assertEquals([outcome(gate.admit(new Guest("192.0.2.2"), "Alice")), old.told.length], ["later", 1]);
});

Deno.test("nobody takes over a name where the configuration says so", async () => {
  const gate = await Gate.open({ duplicateNames: "refuse-new" });
  const old = new Guest("192.0.2.1");
  gate.admit(old, "Alice");
  assertEquals([outcome(gate.admit(new Guest("192.0.2.2"), "Alice")), old.told], ["name-taken", []]);
  gate.keeper.left(old);
  assertEquals(outcome(gate.admit(new Guest("192.0.2.2"), "Alice")), "Alice");
});

Deno.test("when the network is full nobody is let in, but a player may come again", async () => {
  const gate = await Gate.open({ maxPlayers: 2 });
  const [alice, bob] = [new Guest("192.0.2.1"), new Guest("192.0.2.2", "open")];
  gate.admit(alice, "Alice");
  gate.keeper.admit(bob, "Bob", "");
  const carol = new Guest("192.0.2.3");
  assertEquals(gate.admit(carol, "Carol"), { kind: "refused", reason: "edge-full", detail: "2 players are here" });
  const heir = new Guest("192.0.2.4");
  assertEquals(outcome(gate.admit(heir, "Alice")), "later");
  gate.keeper.left(alice);
  assertEquals(outcome(gate.admit(heir, "Alice")), "Alice");
  gate.keeper.left(bob);
  assertEquals([outcome(gate.admit(carol, "Carol")), gate.keeper.players], ["Carol", 2]);
});

Deno.test("who was refused leaves without taking anybody's place along", async () => {
  const gate = await Gate.open({ duplicateNames: "refuse-new" });
  gate.admit(new Guest("192.0.2.1"), "Alice");
  const refused = new Guest("192.0.2.2");
  gate.admit(refused, "Alice");
  gate.keeper.left(refused);
  assertEquals([gate.keeper.players, gate.keeper.playersThrough("main")], [1, 1]);
});

Deno.test("bans count for names in any case, with their suffix, and for addresses", async () => {
  const gate = await Gate.open();
  gate.list({ ban: ["griefer", "Bob_x", "198.51.100.0/24"] });
  const from = (address: string, name: string, service = PLAIN): string =>
    outcome(gate.admit(new Guest(address), name, service));
  assertEquals(from("192.0.2.1", "GRIEFER"), "banned");
  assertEquals([from("192.0.2.1", "Bob"), from("192.0.2.1", "Bob", MARKED)], ["Bob", "banned"]);
  assertEquals(from("198.51.100.7", "Alice"), "banned");
  assertEquals(gate.admit(new Guest("198.51.100.7"), "Alice"), {
    kind: "refused",
    reason: "banned",
    detail: "grief",
    text: "You are banned: grief",
  });
});

Deno.test("whether somebody is banned is told only to who proves the name", async () => {
  const gate = await Gate.open();
  gate.list({ ban: ["Griefer"] });
  assertEquals(outcome(gate.keeper.admit(new Guest("192.0.2.1"), "Griefer", "-")), "wrong-key");
});

Deno.test("whoever is banned does not take a name over, nor throw its player out", async () => {
  const gate = await Gate.open();
  const old = new Guest("192.0.2.1");
  gate.admit(old, "Alice");
  gate.list({ ban: ["192.0.2.2"] });
  assertEquals([outcome(gate.admit(new Guest("192.0.2.2"), "Alice")), old.told], ["banned", []]);
});

Deno.test("where only listed players are allowed, others are told so", async () => {
  const gate = await Gate.open({ allowOnly: true });
  gate.list({ allow: ["Alice", "Bob_x", "198.51.100.7"] });
  const from = (address: string, name: string, service = PLAIN): string =>
    outcome(gate.admit(new Guest(address), name, service));
  assertEquals([from("192.0.2.1", "alice"), from("192.0.2.1", "Bob")], ["alice", "not-allowed"]);
  assertEquals([from("192.0.2.1", "Bob", MARKED), from("198.51.100.7", "Carol")], ["Bob_x", "Carol"]);
});

Deno.test("a name whose player is another process's for now is given only to whoever proves it, until the player is here", async () => {
  const open = await Gate.open();
  open.keeper.configure({
    keyrings: new Map([["main", undefined]]),
    duplicateNames: "kick-old",
    maxPlayers: 9,
    allowOnly: false,
  });
  open.keeper.reserve(["Steve", "Alex"]);
  const claim = (name: string): string => outcome(open.keeper.admit(new Guest("192.0.2.9"), name, "no key"));
  assertEquals([claim("STEVE"), claim("Third")], ["name-taken", "Third"]);
  const steve = new Guest("192.0.2.1");
  open.keeper.resume(steve, "Steve");
  open.keeper.reserve(["Alex"]);
  open.keeper.left(steve);
  assertEquals([claim("Steve"), claim("Alex")], ["Steve", "name-taken"]);
  open.keeper.reserve([]);
  assertEquals(claim("Alex"), "Alex");
  const checked = await Gate.open();
  checked.keeper.reserve(["Steve"]);
  assertEquals(outcome(checked.admit(new Guest("192.0.2.1"), "Steve")), "Steve");
});

Deno.test("a name whose player has gone to another process is nobody's any more, proven or not, nor that of who waits for it", async () => {
  const gate = await Gate.open();
  const [before, after, late] = [new Guest("192.0.2.1"), new Guest("192.0.2.2"), new Guest("192.0.2.3")];
  gate.admit(before, "Steve");
  assertEquals(outcome(gate.admit(after, "STEVE")), "later");
  gate.keeper.cede(["Steve"]);
  gate.keeper.left(before);
  assertEquals([outcome(gate.admit(after, "STEVE")), outcome(gate.admit(late, "steve"))], ["name-taken", "name-taken"]);
  assertEquals(outcome(gate.admit(late, "Alex")), "Alex");
});

Deno.test("when the lists have changed, who may not be here any more has to go", async () => {
  const gate = await Gate.open({ allowOnly: true });
  const everybody = ["Alice", "Bob", "Carol", "Dave"];
  gate.list({ allow: everybody });
  const guests = everybody.map((name, index) => {
    const guest = new Guest(`192.0.2.${index + 1}`);
    gate.admit(guest, name);
    return guest;
  });
  gate.keeper.review();
  assertEquals(guests.flatMap(({ told }) => told), []);
  gate.list({ allow: ["Alice", "Bob", "Dave"], ban: ["BOB", "192.0.2.4", "192.0.2.1"] });
  gate.keeper.review();
  assertEquals(guests.map(({ told }) => told), [
    [],
    ["dismissed: banned, grief, You are banned: grief"],
    ["dismissed: not-allowed, not on the allow list, "],
    [],
  ]);
  // They are here until they have left.
  assertEquals(gate.keeper.players, 4);
});

Deno.test("other rules count from now on, and whoever may not be here by them is dismissed", async () => {
  const gate = await Gate.open();
  gate.list({ allow: ["Steve"] });
  const [steve, alex] = [new Guest("192.0.2.1"), new Guest("192.0.2.2")];
  gate.admit(steve, "Steve");
  gate.admit(alex, "Alex");
  const keyrings = new Map([["main", undefined]]);
  gate.keeper.configure({ keyrings, duplicateNames: "kick-old", maxPlayers: 2, allowOnly: true });
  assertEquals(steve.told, []);
  assertEquals(alex.told, ["dismissed: not-allowed, not on the allow list, "]);
  assertEquals(gate.keeper.admit(new Guest("192.0.2.3"), "Third", "no key").kind, "refused");
  gate.keeper.configure({ keyrings, duplicateNames: "kick-old", maxPlayers: 1, allowOnly: false });
  assertEquals([steve.told, alex.told.length], [[], 1]);
  assertEquals(outcome(gate.keeper.admit(new Guest("192.0.2.4"), "Fourth", "no key")), "edge-full");
});

Deno.test("who came through a listener that is not there any more is not let in, whatever they show", async () => {
  const gate = await Gate.open();
  const steve = new Guest("192.0.2.1");
  gate.admit(steve, "Steve");
  gate.keeper.configure({
    keyrings: new Map([["open", undefined]]),
    duplicateNames: "kick-old",
    maxPlayers: 9,
    allowOnly: false,
  });
  const late = gate.keeper.admit(new Guest("192.0.2.2"), "Alex", "");
  assertEquals(late, { kind: "refused", reason: "shutdown", detail: "the listener main is not there any more" });
  assertEquals([outcome(gate.admit(new Guest("192.0.2.3"), "Third")), steve.told], ["shutdown", []]);
});

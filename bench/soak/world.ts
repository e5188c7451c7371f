import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import type { Clock } from "../position.ts";
import type { Poller } from "../sockets.ts";
import { Guest, type Household, type Resident } from "./guest.ts";
import type { Ledger } from "./ledger.ts";

/** What a world speaks; `undefined` without CPE. */
export type Speech = ExtensionSet | undefined;

/** Worlds that differ as much as servers do, so that packets change their size on the way from one to the other. */
export const SPEECHES: readonly [string, Speech][] = [
  ["plain", undefined],
  [
    "some",
    ExtensionSet.of("CustomBlocks", "HeldBlock", "TwoWayPing", "MessageTypes", "LongerMessages", "ExtPlayerList"),
  ],
  ["full", ExtensionSet.ALL.without("FastMap")],
];

/** One backend, which tells its guests of each other and echoes what they do. */
export class World implements Household {
  readonly name: string;
  readonly extensions: Speech;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly port: number;
  readonly #guests = new Set<Guest>();
  readonly #residents: ReadonlyMap<string, Resident>;

  /** @param residents Whoever may come, by name. */
  constructor(
    poller: Poller,
    [name, extensions]: readonly [string, Speech],
    { clock, ledger, residents }: { clock: Clock; ledger: Ledger; residents: ReadonlyMap<string, Resident> },
  ) {
    this.name = name;
    this.extensions = extensions;
    this.clock = clock;
    this.ledger = ledger;
    this.#residents = residents;
    this.port = poller.listen((socket) => new Guest(socket, this));
  }

  /** How many play here. */
  get players(): number {
    return this.#guests.size;
  }

  /** Who plays here; those who come or go meanwhile may be missing. */
  guests(): readonly Guest[] {
    return [...this.#guests];
  }

  resident(name: string): Resident | undefined {
    return this.#residents.get(name);
  }

  arrived(guest: Guest): void {
    this.#guests.add(guest);
  }

  gone(guest: Guest): void {
    this.#guests.delete(guest);
  }
}

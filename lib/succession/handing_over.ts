/** What an edge does when another process takes its place, and when it takes another's: both sides of a handover. */
import { messageOf } from "../error_message.ts";
import type { Offers } from "../backends/offers.ts";
import { type Address, formatAddress } from "../config/address.ts";
import { ExtensionSet } from "../protocol/extensions.ts";
import type { Estate, Frozen, HandoverGiver } from "../handover/giving.ts";
import type { GivenBackend, TravellingSession } from "../handover/messages.ts";
import type { HandoverTaker, Inheritance } from "../handover/taking.ts";
import type { Listeners } from "../edge/listeners.ts";
import type { Gatekeeper } from "../players/gatekeeper.ts";
import type { Sessions } from "../players/sessions.ts";
import type { Travellers } from "../players/travellers.ts";
import type { Network } from "../routing/network.ts";
import { STATE_VERSION } from "../session/state.ts";
import type { Conn } from "../transport/conn.ts";
import type { Sockets } from "../transport/sockets.ts";

/** The parts of an edge that a handover has to do with. */
export interface HandoverParts {
  readonly sockets: Sockets;
  readonly listeners: Listeners;
  readonly sessions: Pick<Sessions, "reconsider">;
  readonly travellers: Travellers;
  readonly gatekeeper: Pick<Gatekeeper, "reserve">;
  readonly network: Network;
  readonly offers: Offers;
  /** Addresses that are left when another process goes on, beside those of listeners. */
  readonly leaving: () => readonly Address[];
}

/** An edge whose place another process takes. */
export class Giver implements HandoverGiver {
  readonly stateVersion = STATE_VERSION;
  readonly #parts: HandoverParts;
  /** Why nothing can be given now, beside the driver; `undefined` where all can. */
  readonly #hindrance: () => string | undefined;

  constructor(parts: HandoverParts, hindrance: () => string | undefined) {
    this.#parts = parts;
    this.#hindrance = hindrance;
  }

  get obstacle(): string | undefined {
    const { driver, inherited } = this.#parts.sockets;
    if (inherited === undefined) return `the driver is "${driver}", and only "epoll" can hand connections over`;
    // The end of a container's first process is that of all its processes.
    return Deno.pid === 1 ? "the edge is process 1, with which its container would end" : this.#hindrance();
  }

  get estate(): Estate {
    const { listeners, network, offers, leaving } = this.#parts;
    return {
      listeners: listeners.open,
      leaving: leaving().map(formatAddress),
      backends: network.status().map(({ name, drained }) => {
        const offer = offers.offerOf(name);
        return {
          name,
          closing: network.empties(name) ? "emptied" : drained ? "drained" : "no",
          refusesLists: offers.refusesLists(name),
          ...offer && { offers: Array.from(offer.entries(), ({ name, version }) => [name, version] as const) },
        };
      }),
    };
  }

  samples(count: number): Iterable<TravellingSession> {
    return this.#parts.travellers.samples(count);
  }

  freeze(): Frozen {
    const { listeners, travellers } = this.#parts;
    listeners.pause();
    const frozen = travellers.freeze();
    return {
      sessions: frozen.sessions,
      staying: frozen.staying,
      thaw: () => {
        frozen.thaw();
        listeners.resume();
      },
      release: (kept) => {
        frozen.release(kept);
        listeners.close();
      },
    };
  }
}

/** An edge that takes another process's place. */
export class Taker implements HandoverTaker {
  readonly #parts: HandoverParts;
  /** Opens all listeners, and what else listens. */
  readonly #listen: (leaving: Inheritance["leaving"]) => Promise<void>;

  constructor(parts: HandoverParts, listen: (leaving: Inheritance["leaving"]) => Promise<void>) {
    this.#parts = parts;
    this.#listen = listen;
  }

  async inherit({ listeners, backends, leaving }: Inheritance): Promise<void> {
    const { sockets } = this.#parts;
    if (sockets.inherited === undefined) {
      throw new Error(`Cannot take over: the driver is "${sockets.driver}", and only "epoll" can`);
    }
    this.#parts.listeners.pause();
    this.#parts.listeners.inherit(listeners);
    await this.#listen(leaving);
    this.#parts.listeners.disclaim();
    for (const backend of backends) this.#learn(backend);
  }

  rehearse(session: TravellingSession): void {
    this.#parts.travellers.rehearse(session);
  }

  adopt(session: TravellingSession, descriptors: readonly number[]): string | undefined {
    const { sockets: { driver, inherited }, travellers } = this.#parts;
    if (inherited === undefined) return `the driver is "${driver}"`;
    const connections: Conn[] = [];
    try {
      for (const descriptor of descriptors) connections.push(inherited.conn(descriptor));
    } catch (error) {
      // It has closed its own descriptor.
      for (const connection of connections) connection.close();
      for (const descriptor of descriptors.slice(connections.length + 1)) inherited.close(descriptor);
      return messageOf(error);
    }
    return travellers.adopt(session, connections);
  }

  begin(staying: readonly string[]): void {
    const { gatekeeper, travellers, sessions, listeners } = this.#parts;
    gatekeeper.reserve(staying);
    travellers.resume();
    sessions.reconsider();
    listeners.resume();
  }

  abandon(): void {
    this.#parts.travellers.abandon();
  }

  /** What is not in the configuration any more is passed over. */
  #learn({ name, closing, offers: offered, refusesLists }: GivenBackend): void {
    const { network, offers } = this.#parts;
    if (!network.status().some((backend) => backend.name === name)) return;
    if (closing !== "no") network.drain(name, closing === "emptied");
    if (offered !== undefined) {
      offers.learn(name, offered.reduce((set, [name, version]) => set.with(name, version), ExtensionSet.EMPTY));
    }
    if (refusesLists) offers.listRefused(name);
  }
}

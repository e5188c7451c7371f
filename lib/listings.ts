/** The network's entries in public server lists: one for each [[heartbeat]]. */
import type { Keyring } from "./auth/keyring.ts";
import type { Config, HeartbeatConfig, ListenerConfig } from "./config/schema.ts";
import { type Facts, SOFTWARE } from "./heartbeat/beat.ts";
import { PlayUrls } from "./heartbeat/play_urls.ts";
import { postBeat } from "./heartbeat/post.ts";
import { Publisher, type PublisherState } from "./heartbeat/publisher.ts";
import { serviceOf } from "./keyrings.ts";
import { logHeartbeat } from "./observe/heartbeat_log.ts";
import type { Log } from "./observe/log.ts";
import { machineClock } from "./routing/clock.ts";

/** What a listing tells that changes while the edge runs. */
export interface ListedFacts {
  /** The port that a listener has. */
  port(listener: string): number;
  /** Players who came through a listener. */
  players(listener: string): number;
}

/** How one listing is. Times are those of `performance.now()`. */
export interface ListingStatus extends PublisherState {
  readonly listener: string;
  /** The list's host. */
  readonly list: string;
}

interface Listing {
  readonly listener: string;
  readonly list: string;
  readonly publisher: Publisher;
}

/** See the file's first line. */
export class Listings {
  readonly #listings: readonly Listing[];
  readonly #playUrls: ReadonlyMap<string, PlayUrls>;

  constructor(config: Config, keyrings: ReadonlyMap<string, Keyring>, facts: ListedFacts, log: Log) {
    const { edge: { dataDir }, heartbeats } = config;
    const onProblem = (message: string): void => log.warn("play-url", message);
    this.#playUrls = new Map(
      heartbeats.map(({ listener }) => [listener, new PlayUrls({ dataDir, listener, onProblem })]),
    );
    this.#listings = config.listeners.flatMap((listener) => {
      const keyring = keyrings.get(listener.name);
      const own = heartbeats.filter((heartbeat) => heartbeat.listener === listener.name);
      if (keyring === undefined) return [];
      return own.map((heartbeat, place) => this.#open(config, listener, heartbeat, { place, keyring, facts, log }));
    });
  }

  /** Every listing, in the order of the listeners. */
  get status(): readonly ListingStatus[] {
    return this.#listings.map(({ listener, list, publisher }) => ({ listener, list, ...publisher.state }));
  }

  /** Publishes at once, and from then on. */
  start(): void {
    for (const { publisher } of this.#listings) publisher.start();
  }

  /** Publishes no more. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    await Promise.all(this.#listings.map(({ publisher }) => publisher.stop()));
    await Promise.all([...this.#playUrls.values()].map((urls) => urls.settled()));
  }

  #open(
    { edge }: Config,
    { name, websocket }: ListenerConfig,
    heartbeat: HeartbeatConfig,
    { place, keyring, facts, log }: ListingMeans,
  ): Listing {
    const service = serviceOf(heartbeat);
    const list = new URL(heartbeat.url).host;
    const publisher = new Publisher({
      facts: (): Facts => ({
        port: heartbeat.port || facts.port(name),
        max: edge.maxPlayers,
        name: edge.name,
        public: heartbeat.public,
        salt: keyring.saltOf(service.name),
        users: facts.players(name),
        software: SOFTWARE,
        web: websocket,
      }),
      send: (told, signal) => postBeat({ url: heartbeat.url, facts: told, signal }),
      intervalMs: heartbeat.intervalMs,
      onEvent: (event) => {
        logHeartbeat(log, { listener: name, list }, event);
        if (event.kind === "listed") this.#playUrls.get(name)?.set(place, event.url);
      },
      published: (salt) => keyring.published(service.name, salt),
      clock: machineClock,
      random: Math.random,
    });
    return { listener: name, list, publisher };
  }
}

interface ListingMeans {
  /** Of the heartbeat among those of its listener. */
  readonly place: number;
  readonly keyring: Keyring;
  readonly facts: ListedFacts;
  readonly log: Log;
}

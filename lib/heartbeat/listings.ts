/** The network's entries in public server lists: one for each [[heartbeat]]. */
import type { Keyring } from "../auth/keyring.ts";
import type { Config, HeartbeatConfig } from "../config/schema.ts";
import { type Facts, SOFTWARE } from "./beat.ts";
import { PlayUrls } from "./play_urls.ts";
import { postBeat } from "./post.ts";
import { Publisher, type PublisherState } from "./publisher.ts";
import { type Keyrings, serviceOf } from "../auth/keyrings.ts";
import { logHeartbeat } from "../observe/heartbeat_log.ts";
import type { Log } from "../observe/log.ts";
import { machineClock } from "../clock.ts";

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

/** What is published. */
export type ListedConfig = Pick<Config, "edge" | "listeners" | "pools" | "heartbeats">;

interface Listing {
  readonly heartbeat: HeartbeatConfig;
  /** The list's host. */
  readonly list: string;
  readonly publisher: Publisher;
}

/** See the file's first line. */
export class Listings {
  readonly #facts: ListedFacts;
  readonly #log: Log;
  #config: ListedConfig;
  #keyrings: Keyrings;
  /** In the order of the listeners. */
  #listings: readonly Listing[];
  /** By listener. */
  readonly #playUrls = new Map<string, PlayUrls>();
  /** Publishers that end. */
  readonly #stopping = new Set<Promise<void>>();

  constructor(config: ListedConfig, keyrings: Keyrings, facts: ListedFacts, log: Log) {
    this.#config = config;
    this.#keyrings = keyrings;
    this.#facts = facts;
    this.#log = log;
    this.#listings = this.#open([]);
  }

  /** Every listing, in the order of the listeners. */
  get status(): readonly ListingStatus[] {
    return this.#listings.map(({ heartbeat: { listener }, list, publisher }) => ({
      listener,
      list,
      ...publisher.state,
    }));
  }

  /** Where a list shows a listener that leads to `backend`; `undefined` where none does yet. */
  urlOf(backend: string): string | undefined {
    const { listeners, pools } = this.#config;
    const leading = listeners.filter(({ pool }) =>
      pools.some(({ name, backends }) => name === pool && backends.includes(backend))
    );
    return this.status.find(({ listener, url }) => url !== undefined && leading.some(({ name }) => name === listener))
      ?.url;
  }

  /** Publishes at once, and from then on. */
  start(): void {
    for (const { publisher } of this.#listings) publisher.start();
  }

  /** Publishes what `config` says from now on. Listings that are as before go on without a beat more or less. */
  configure(config: ListedConfig, keyrings: Keyrings): void {
    const before = this.#listings;
    this.#config = config;
    this.#keyrings = keyrings;
    this.#listings = this.#open(before);
    for (const { publisher } of before.filter((listing) => !this.#listings.includes(listing))) this.#end(publisher);
    for (const { publisher } of this.#listings.filter((listing) => !before.includes(listing))) publisher.start();
    for (const [listener, urls] of this.#playUrls) void this.#rewrite(listener, urls);
  }

  /** Publishes no more. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    for (const { publisher } of this.#listings) this.#end(publisher);
    await Promise.all(this.#stopping);
    await Promise.all([...this.#playUrls.values()].map((urls) => urls.settled()));
  }

  #end(publisher: Publisher): void {
    const stopping = publisher.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }

  /** The listings of the configuration; those of `before` that are the same are taken over. */
  #open(before: readonly Listing[]): readonly Listing[] {
    const { listeners, heartbeats } = this.#config;
    return listeners.flatMap(({ name }) => {
      const keyring = this.#keyrings.get(name);
      if (keyring === undefined) return [];
      return this.#own(heartbeats, name).map((heartbeat) =>
        before.find((listing) => isSame(listing.heartbeat, heartbeat)) ?? this.#listing(heartbeat)
      );
    });
  }

  #own(heartbeats: readonly HeartbeatConfig[], listener: string): readonly HeartbeatConfig[] {
    return heartbeats.filter((heartbeat) => heartbeat.listener === listener);
  }

  #listing(heartbeat: HeartbeatConfig): Listing {
    const { listener, url, intervalMs } = heartbeat;
    const service = serviceOf(heartbeat).name;
    const list = new URL(url).host;
    const publisher = new Publisher({
      facts: () => this.#factsOf(heartbeat),
      send: (told, signal) => postBeat({ url, facts: told, signal }),
      intervalMs,
      onEvent: (event) => {
        logHeartbeat(this.#log, { listener, list }, event);
        if (event.kind === "listed") this.#urlsOf(listener).set(this.#placeOf(heartbeat), event.url);
      },
      published: (salt) => this.#keyrings.get(listener)?.published(service, salt),
      clock: machineClock,
      random: Math.random,
    });
    return { heartbeat, list, publisher };
  }

  #factsOf(heartbeat: HeartbeatConfig): Facts {
    const { edge, listeners } = this.#config;
    const { listener } = heartbeat;
    return {
      port: heartbeat.port || this.#facts.port(listener),
      max: edge.maxPlayers,
      name: edge.name,
      public: heartbeat.public,
      salt: this.#keyringOf(listener).saltOf(serviceOf(heartbeat).name),
      users: this.#facts.players(listener),
      software: SOFTWARE,
      web: listeners.find(({ name }) => name === listener)?.websocket ?? false,
    };
  }

  #keyringOf(listener: string): Keyring {
    const keyring = this.#keyrings.get(listener);
    if (keyring === undefined) throw new RangeError(`Cannot find keyring: current value is "${listener}"`);
    return keyring;
  }

  #placeOf(heartbeat: HeartbeatConfig): number {
    return this.#own(this.#config.heartbeats, heartbeat.listener).findIndex((other) => isSame(other, heartbeat));
  }

  #urlsOf(listener: string): PlayUrls {
    const known = this.#playUrls.get(listener);
    if (known !== undefined) return known;
    const { dataDir } = this.#config.edge;
    const urls = new PlayUrls({ dataDir, listener, onProblem: (message) => this.#log.warn("play-url", message) });
    this.#playUrls.set(listener, urls);
    return urls;
  }

  /** Lists that a listener has left are in its file no more; where none is left, nothing has to be known of the file any more. */
  async #rewrite(listener: string, urls: PlayUrls): Promise<void> {
    const known = this.#listingsOf(listener).flatMap((listing) => {
      const { url } = listing.publisher.state;
      return url === undefined ? [] : [[this.#placeOf(listing.heartbeat), url] as const];
    });
    urls.replace(new Map(known));
    await urls.settled();
    if (this.#listingsOf(listener).length === 0) this.#playUrls.delete(listener);
  }

  #listingsOf(listener: string): readonly Listing[] {
    return this.#listings.filter(({ heartbeat }) => heartbeat.listener === listener);
  }
}

function isSame(a: HeartbeatConfig, b: HeartbeatConfig): boolean {
  return a.listener === b.listener && a.url === b.url && a.public === b.public && a.intervalMs === b.intervalMs &&
    a.port === b.port && a.nameSuffix === b.nameSuffix;
}

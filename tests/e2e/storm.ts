/** Misfortune for servers, as random numbers want it: a seed repeats it, as far as time does. */
import type { Random } from "../harness/chunks.ts";
import type { Software } from "./server_process.ts";
import type { Manners, UnsteadyServer } from "./unsteady_server.ts";

/** Milliseconds, at least and at most. */
type Span = readonly [number, number];

/** Between two events of a storm. */
const PAUSE: Span = [200, 900];
/** For how long connections are refused, besides the time a server takes to start. */
const DEAD: Span = [0, 1_000];
/** How long a server hangs: from what nobody notices to more than is allowed. */
const STALL: Span = [100, 3_000];
/** How long a server turns players away. */
const BAD_MANNERS: Span = [500, 3_000];
/** Few enough that hardly anybody is thrown out more than five times in ten seconds, which would end their session. */
const MOST_VICTIMS = 6;

const SOFTWARE: readonly Software[] = ["demo", "mcgalaxy", "cserver", "mcchost", "classicborne", "vanilla"];
/** How a server that comes back treats players at first. */
const MANNERS: readonly Manners[] = [
  {},
  {},
  { mapDelayMs: 20 },
  { maxPlayers: 50 },
  { onLogin: { kick: "Not today" } },
  { onLogin: "silent" },
  { onLogin: "close" },
  { onLogin: "garbage" },
  { onLogin: { closeAfterChunks: 1 } },
  { onLogin: "endless-map", mapDelayMs: 200 },
];

type Event = "kill" | "kill all" | "stall" | "kick" | "babble";
const EVENTS: readonly Event[] = [
  ...["kill", "kill", "kill", "kill all", "stall", "stall", "kick", "kick", "kick", "babble", "babble"] as const,
];

/** How often each event happened. */
export type StormTally = Readonly<Record<Event, number>>;

/** See the file's first line. */
export class Storm {
  readonly #servers: readonly UnsteadyServer[];
  readonly #random: Random;
  readonly #tally: Record<Event, number> = { kill: 0, "kill all": 0, stall: 0, kick: 0, babble: 0 };
  /** Servers that are not well, until they are. */
  readonly #troubles = new Map<UnsteadyServer, Promise<void>>();

  constructor(servers: readonly UnsteadyServer[], random: Random) {
    this.#servers = servers;
    this.#random = random;
  }

  get tally(): StormTally {
    return this.#tally;
  }

  /** Rages for that many milliseconds. Afterwards every server is well. */
  async rage(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end;) {
      await this.#pass(PAUSE);
      this.#happen(this.#random.pick(EVENTS), this.#random.pick(this.#servers));
    }
    await Promise.all(this.#troubles.values());
  }

  #happen(event: Event, chosen: UnsteadyServer): void {
    const struck = event === "kill all" ? this.#servers : [chosen];
    for (const server of struck.filter((server) => !this.#troubles.has(server))) {
      this.#tally[event]++;
      this.#troubles.set(server, this.#strike(event, server).finally(() => this.#troubles.delete(server)));
    }
  }

  async #strike(event: Event, server: UnsteadyServer): Promise<void> {
    const random = this.#random;
    const victims = [random.below(1_000), 1 + random.below(MOST_VICTIMS)] as const;
    switch (event) {
      case "kick": {
        const other = random.pick(this.#servers).name;
        const text = random.pick(["Out with you", "You hit too hard", `The round is over @${other}`]);
        return await server.kick(...victims, text);
      }
      case "babble":
        return await server.babble(...victims);
      case "stall":
        server.stall();
        await this.#pass(STALL);
        return server.resume();
      default:
        return await this.#replace(server);
    }
  }

  /** Another server takes the place of a dead one. */
  async #replace(server: UnsteadyServer): Promise<void> {
    const [software, manners] = [this.#random.pick(SOFTWARE), this.#random.pick(MANNERS)];
    await server.kill();
    await this.#pass(DEAD);
    await server.start(software, manners);
    if (Object.keys(manners).length === 0) return;
    await this.#pass(BAD_MANNERS);
    await server.kill();
    await server.start(software);
  }

  async #pass([least, most]: Span): Promise<void> {
    const ms = least + this.#random.below(most - least);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

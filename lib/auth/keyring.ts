/** Who vouches for the names of one listener's players. */
import { messageOf } from "../error_message.ts";
import { makeDataDir, unusableDataDir } from "../data_dir.ts";
import { verifyKey } from "./mppass.ts";
import { randomSalt, readSalts, writeSalts } from "./salt_file.ts";
import { acceptedSalts, freshSalts, published, rotated, type SaltPolicy, type SaltState } from "./salt_ring.ts";

/** A server list that is told a salt of its own and makes keys of it. */
export interface Service {
  /** Tells it from the listener's others; part of a file's name. */
  readonly name: string;
  /** Stands behind the names it vouches for. */
  readonly suffix: string;
}

export interface KeyringOptions {
  readonly dataDir: string;
  /** Name of the listener. */
  readonly listener: string;
  /** Where there are none, the listener has one salt of its own, for keys that the operator makes. */
  readonly services: readonly Service[];
  /** Milliseconds; see {@linkcode SaltPolicy}. */
  readonly rotationMs: number;
  readonly overlapMs: number;
  /** Told why salts could not be written. */
  readonly onProblem: (message: string) => void;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Stands for the lists where there are none. */
const OWN: Service = { name: "", suffix: "" };

interface Ring {
  readonly service: Service;
  readonly path: string;
  policy: SaltPolicy;
  state: SaltState;
}

/** The salts of a listener, one ring for each service, kept in the data directory. */
export class Keyring {
  readonly #rings: readonly Ring[];
  readonly #now: () => number;
  readonly #onProblem: (message: string) => void;
  #writing: Promise<void> = Promise.resolve();

  private constructor(rings: readonly Ring[], { now = Date.now, onProblem }: KeyringOptions) {
    this.#rings = rings;
    this.#now = now;
    this.#onProblem = onProblem;
  }

  /**
   * Reads the salts, and makes those that are not there yet.
   *
   * @throws {UnusableFileError} where a salt cannot be read or written
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const { dataDir, listener, services, rotationMs, overlapMs, now = Date.now } = options;
    await makeDataDir(dataDir);
    const rings: Ring[] = [];
    for (const service of services.length === 0 ? [OWN] : services) {
      // No listener's name has an "@".
      const path = `${dataDir}/salt-${listener}${service === OWN ? "" : `@${service.name}`}`;
      const kept = await readSalts(path, now());
      const state = kept ?? freshSalts(randomSalt(), now());
      if (kept === undefined) {
        await writeSalts(path, state).catch((error) => {
          throw unusableDataDir(dataDir, error);
        });
      }
      rings.push({ service, path, policy: { rotationMs, overlapMs, listed: service !== OWN }, state });
    }
    return new Keyring(rings, options);
  }

  /** Who vouches. */
  get services(): readonly Service[] {
    return this.#rings.map(({ service }) => service).filter((service) => service !== OWN);
  }

  /** Salts age by this policy from now on. Those that were replaced before keep their time. */
  configure(policy: Pick<SaltPolicy, "rotationMs" | "overlapMs">): void {
    for (const ring of this.#rings) ring.policy = { ...ring.policy, ...policy };
  }

  /** The service whose key of `name` is `key`; `undefined` where it is nobody's. */
  serviceFor(name: string, key: string): Service | undefined {
    const now = this.#now();
    // All are looked at, so that the time taken does not tell which one it was.
    const found = this.#rings.map(({ service, state }) => {
      const salts = acceptedSalts(state, now);
      return salts.map((salt) => verifyKey(salt, name, key)).includes(true) ? service : undefined;
    });
    return found.find((service) => service !== undefined);
  }

  /** The salt that `service` is to make keys of. */
  saltOf(service: string): string {
    const ring = this.#ringOf(service);
    if (ring === undefined) throw new RangeError(`Cannot find service: current value is "${service}"`);
    return ring.state.salt;
  }

  /** `service` has `salt` from now on. */
  published(service: string, salt: string): void {
    const ring = this.#ringOf(service);
    if (ring !== undefined) this.#change(ring, published(ring.state, ring.policy, salt, this.#now()));
  }

  /** Replaces the salts that are old enough. */
  rotate(): void {
    for (const ring of this.#rings) this.#change(ring, rotated(ring.state, ring.policy, this.#now(), randomSalt));
  }

  /** Resolves when everything is written, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #ringOf(service: string): Ring | undefined {
    return this.#rings.find((ring) => ring.service.name === service);
  }

  #change(ring: Ring, state: SaltState): void {
    if (state === ring.state) return;
    ring.state = state;
    this.#writing = this.#writing.then(() => writeSalts(ring.path, state)).catch((error) => {
      const why = messageOf(error);
      this.#onProblem(`Cannot write ${ring.path}, keys made from now on end with this run: ${why}`);
    });
  }
}

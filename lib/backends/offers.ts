/** What is known about the extensions of backends: S follows from it. */
import { announcedSet, type ExtensionSet } from "../protocol/extensions.ts";
import type { ListDelivery } from "../session/port.ts";

/** Learns what backends offer, from players' logins and from checks. */
export class Offers {
  #backends: readonly string[];
  #exclude: readonly string[];
  /** What each backend offered when somebody last asked it. */
  readonly #offers = new Map<string, ExtensionSet>();
  /** Backends that broke off over a list of extensions. */
  readonly #refusesLists = new Set<string>();
  #announced: ExtensionSet;

  /** @param exclude Extensions that are never announced. */
  constructor(backends: readonly string[], exclude: readonly string[]) {
    this.#backends = backends;
    this.#exclude = exclude;
    this.#announced = this.#union();
  }

  /** Goes by other backends and exclusions from now on. */
  configure(backends: readonly string[], exclude: readonly string[]): void {
    this.#backends = backends;
    this.#exclude = exclude;
    for (const name of this.#offers.keys()) if (!backends.includes(name)) this.#offers.delete(name);
    for (const name of this.#refusesLists) if (!backends.includes(name)) this.#refusesLists.delete(name);
    this.#announced = this.#union();
  }

  /** S: what some backend offers, or may offer as long as nobody has asked it. */
  get announced(): ExtensionSet {
    return this.#announced;
  }

  /** `backend` has listed what it offers; nothing where it does not speak CPE. */
  learn(backend: string, offer: ExtensionSet): void {
    if (offer.size > 0) this.#refusesLists.delete(backend);
    if (this.#offers.get(backend)?.key === offer.key) return;
    this.#offers.set(backend, offer);
    this.#announced = this.#union();
  }

  /** What `backend` offered; `undefined` where nobody has asked it yet. */
  offerOf(backend: string): ExtensionSet | undefined {
    return this.#offers.get(backend);
  }

  /** Whether `backend` broke off because it was sent a list, and has not spoken CPE since. */
  refusesLists(backend: string): boolean {
    return this.#refusesLists.has(backend);
  }

  /** `backend` broke off because it was sent a list. */
  listRefused(backend: string): void {
    this.#refusesLists.add(backend);
  }

  /**
   * How `backend` is sent a client's list. One that spoke CPE may have been replaced by one that does not; being on trial costs
   * nothing as long as it shows that it does.
   */
  delivery(backend: string): ListDelivery {
    if (this.#refusesLists.has(backend)) return "on request";
    const speaksNoCpe = this.#offers.get(backend)?.size === 0;
    return speaksNoCpe ? "at once" : "on trial";
  }

  #union(): ExtensionSet {
    return announcedSet(this.#exclude, this.#backends.map((backend) => this.#offers.get(backend)));
  }
}

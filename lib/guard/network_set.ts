import { type Network, parseIp, unmapped, withoutMapping } from "../config/network.ts";

/** Addresses that belong to any of some networks. IPv4-mapped IPv6 addresses and networks count as IPv4. */
export class NetworkSet {
  readonly #networks: readonly Network[];

  constructor(networks: readonly Network[]) {
    this.#networks = networks.map(unmapped);
  }

  /** Whether `address` belongs to one of the networks; text that is no address belongs to none. */
  has(address: string): boolean {
    if (this.#networks.length === 0) return false;
    const bytes = withoutMapping(parseIp(address) ?? []);
    return this.#networks.some((network) => contains(network, bytes));
  }
}

function contains({ bytes: base, prefix }: Network, bytes: readonly number[]): boolean {
  if (bytes.length !== base.length) return false;
  const whole = prefix >> 3;
  const mask = 0xff00 >> (prefix & 7) & 0xff;
  return base.every((byte, index) => {
    const differing = byte ^ (bytes[index] ?? 0);
    return index < whole ? differing === 0 : index > whole || (differing & mask) === 0;
  });
}

import { messageOf } from "../error_message.ts";
import { type Address, formatAddress } from "../config/address.ts";

/** An address could not be bound. */
export class BindError extends Error {
  override name = "BindError";
  /** What was to be bound, as `listener 'main'` or `admin`. */
  readonly who: string;
  readonly address: Address;
  /** Whether another program, or another edge, has the address. */
  readonly inUse: boolean;

  constructor(who: string, address: Address, cause: unknown) {
    const inUse = cause instanceof Deno.errors.AddrInUse;
    const advice = inUse ? " (is another edge running?)" : "";
    super(`Cannot bind ${who} to ${formatAddress(address)}: ${messageOf(cause)}${advice}`, { cause });
    this.who = who;
    this.address = address;
    this.inUse = inUse;
  }
}

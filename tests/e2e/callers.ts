/** Players from many addresses, and how the edge is told of them. */
import { writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import { writeAll } from "../../lib/transport/write_all.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { dial } from "../harness/link.ts";

const DIAL_MS = 5_000;
/** The port that callers are said to come from. */
export const CALLERS_PORT = 50_000;

/** A line of a listener's TOML that makes it believe {@linkcode callFrom}. */
export const BELIEVES_CALLERS = 'proxy_protocol_from = ["127.0.0.1"]';

/** A bot that logs in at `target` and is said to come from `address`. */
export async function callFrom(
  address: string,
  target: { readonly hostname: string; readonly port: number },
  options: BotOptions,
): Promise<Bot> {
  const conn = await dial(target, DIAL_MS);
  const destination = { address: address.includes(":") ? "2001:db8::ffff" : "198.51.100.1", port: target.port };
  await writeAll(conn, writeProxyHeader({ source: { address, port: CALLERS_PORT }, destination }));
  return Bot.over(conn, options);
}

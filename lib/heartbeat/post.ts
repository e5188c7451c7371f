import { type Facts, formatBeat } from "./beat.ts";
import { LONGEST_REPLY, readReply, type Reply } from "./reply.ts";
import { explainUnreached } from "./unreached.ts";
import type { Verdict } from "./verdict.ts";

export interface PostOptions {
  /** Where to, `http:` or `https:`. */
  readonly url: string;
  /** What to publish; its software is also the request's `User-Agent`. */
  readonly facts: Facts;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** Milliseconds until the reply must be complete. @default 10000 */
  readonly timeoutMs?: number;
  /** Certificates in PEM that are trusted besides the usual ones. @default none */
  readonly caCerts?: readonly string[];
}

/**
 * Posts one heartbeat over IPv4, since lists take the address that it comes from for the one that players dial. Redirects are
 * not followed. Whatever fails is in the verdict.
 *
 * @throws {unknown} the reason of `signal` once that is aborted, and nothing else
 */
export async function postBeat(options: PostOptions): Promise<Verdict> {
  const { url, signal, timeoutMs = 10_000 } = options;
  const late = new AbortController();
  const deadline = setTimeout(() => late.abort(), timeoutMs);
  try {
    return readReply(await exchange(options, AbortSignal.any([signal, late.signal])));
  } catch (error) {
    signal.throwIfAborted();
    const { host } = new URL(url);
    if (!late.signal.aborted) return explainUnreached(error, host);
    return {
      kind: "not-listed",
      reason: "late",
      explanation: `no complete reply of ${host} within ${timeoutMs} ms`,
      advice: "nothing, the next heartbeats try again; if it lasts, check this machine's way to the Internet",
    };
  } finally {
    clearTimeout(deadline);
  }
}

async function exchange({ url, facts, caCerts = [] }: PostOptions, signal: AbortSignal): Promise<Reply> {
  // An IPv4 address to call from leaves only IPv4 addresses to call.
  using client = Deno.createHttpClient({
    localAddress: "0.0.0.0",
    http2: false,
    poolMaxIdlePerHost: 0,
    caCerts: [...caCerts],
  });
  const response = await fetch(url, {
    client,
    method: "POST",
    redirect: "manual",
    signal,
    headers: { "User-Agent": facts.software, "Content-Type": "application/x-www-form-urlencoded" },
    body: formatBeat(facts),
  });
  const body = await readBody(response);
  return {
    status: response.status,
    location: withoutSalt(response.headers.get("Location") ?? "", facts),
    body: body && withoutSalt(body, facts),
  };
}

/** What a list says may get into the log, and it may repeat the request. */
function withoutSalt(text: string, { salt }: Facts): string {
  return salt === "" ? text : text.replaceAll(salt, "…");
}

async function readBody({ body }: Response): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > LONGEST_REPLY) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

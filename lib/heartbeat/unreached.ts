/** Explains why a server list could not be asked. */
import { type NotListed, quote } from "./verdict.ts";

/** Code points of a library's own words that are passed on. */
const LONGEST_DETAIL = 200;
/** What the HTTP client puts in front of the cause, with ports that change from time to time. */
const PREAMBLE = /^error sending request .*?: client error \(\w+\): /;

/** A fault by what the HTTP client says about it. */
interface Fault {
  readonly pattern: RegExp;
  readonly explain: (host: string, detail: string) => string;
  readonly advice: string;
}

const FAULTS: readonly Fault[] = [
  {
    pattern: /\bdns error\b/,
    explain: (host) => `the name ${host} has no IPv4 address or cannot be looked up`,
    advice: "check url in [[heartbeat]] and this machine's name servers",
  },
  {
    // The client's words where no address is of the family it may use; the system's own error has a number behind it.
    pattern: /\bnetwork unreachable$/i,
    explain: (host) => `${host} has no IPv4 address, and heartbeats go over IPv4 only`,
    advice: "use a list that can be reached over IPv4",
  },
  {
    pattern: /\bconnection refused\b/i,
    explain: (host) => `${host} refuses connections`,
    advice: "check url in [[heartbeat]]; the next heartbeats try again",
  },
  {
    pattern: /\binvalid peer certificate\b/,
    explain: (host, detail) => `the certificate of ${host} is not valid: ${detail}`,
    advice: "check url in [[heartbeat]] and this machine's clock",
  },
  {
    pattern: /\b(connection closed|reading a body|connection reset)\b/i,
    explain: (host) => `${host} closed the connection before its reply was complete`,
    advice: "nothing, the next heartbeats try again",
  },
  {
    pattern: /\binvalid HTTP\b|\binvalid content ?type\b/i,
    explain: (host, detail) => `what ${host} answers is no HTTP: ${detail}`,
    advice: "check url in [[heartbeat]], https or http above all",
  },
];

/** What `error` of a request to `host` means. */
export function explainUnreached(error: unknown, host: string): NotListed {
  const text = rootMessage(error).replace(PREAMBLE, "");
  const detail = quote(text, LONGEST_DETAIL);
  const fault = FAULTS.find(({ pattern }) => pattern.test(text));
  return {
    kind: "not-listed",
    reason: "unreachable",
    explanation: fault?.explain(host, detail) ?? `cannot ask ${host}: ${detail}`,
    advice: fault?.advice ?? "check url in [[heartbeat]] and this machine's way to the Internet",
  };
}

/** The message of the first cause, which is the one that says something. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}

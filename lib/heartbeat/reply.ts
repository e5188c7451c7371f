/** Understands what server lists answer to a heartbeat. */
import { type NotListed, type NotListedReason, quote, type Verdict } from "./verdict.ts";

/** Bytes of a reply's body that are read. */
export const LONGEST_REPLY = 64 << 10;

/** A list's answer. */
export interface Reply {
  /** HTTP status. */
  readonly status: number;
  /** Value of the header `Location`; empty where there is none. */
  readonly location: string;
  /** The whole body; `undefined` where it is longer than `LONGEST_REPLY`. */
  readonly body: string | undefined;
}

/** Code points of a list's own words that are passed on. */
const LONGEST_QUOTE = 200;
/** Code points of a reply that nobody understands that are passed on. */
const LONGEST_EXCERPT = 60;

/** An address on one line; longer ones are none. */
const ADDRESS = /^https?:\/\/[^\s\p{C}<>"]{1,2000}$/iu;
const HTML = /^<(!doctype|html|head|body|\?xml|!--)/i;

const TRY_LATER = "nothing, the next heartbeats try again; if it lasts, check url in [[heartbeat]] and ask the list";

/** What the reply means, whatever its content type says. */
export function readReply({ status, location, body }: Reply): Verdict {
  if (status >= 300 && status < 400) return redirected(status, location);
  const text = body?.trim();
  const refusal = text === undefined ? undefined : readRefusal(text);
  if (refusal !== undefined) return refusal;
  if (status < 200 || status >= 300) {
    return notListed("http-error", `the list answered with HTTP status ${status}`, TRY_LATER);
  }
  if (text === undefined) {
    return notListed("unreadable", `the list's reply is longer than ${LONGEST_REPLY} bytes`, TRY_LATER);
  }
  if (ADDRESS.test(text) && URL.canParse(text)) return { kind: "listed", url: text };
  return unreadable(text);
}

/** Reads a list's own refusal, such as `{"errors":[["…"]],"response":"","status":"fail"}`. */
function readRefusal(text: string): NotListed | undefined {
  if (!text.startsWith("{")) return undefined;
  const reply = parseJson(text);
  if (typeof reply !== "object" || reply === null) return undefined;
  const errors = "errors" in reply && Array.isArray(reply.errors) ? reply.errors.flat() : [];
  const [first] = errors.filter((error) => typeof error === "string" && error.trim() !== "");
  if (typeof first === "string") return explainRefusal(first.trim());
  if (!("status" in reply) || reply.status !== "fail") return undefined;
  return notListed("refused", "the list refuses the server and does not say why", TRY_LATER);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Explains the texts that are known of classicube.net. */
function explainRefusal(text: string): NotListed {
  const port = /^Port (\d{1,5}) not open/i.exec(text)?.[1];
  if (port !== undefined) {
    return notListed(
      "refused",
      `the list cannot reach port ${port} from the Internet`,
      `forward TCP port ${port} to this machine and open it in the firewall, or set port in [[heartbeat]] to the one ` +
        "that players dial",
    );
  }
  if (/^Only first 256 unicode codepoints/i.test(text)) {
    return notListed("refused", "the list finds the server's name too long", "shorten name in [edge]");
  }
  return notListed("refused", `the list says ${quote(text, LONGEST_QUOTE)}`, "see what the list's pages say about it");
}

function redirected(status: number, location: string): NotListed {
  const target = location === "" ? "elsewhere" : `to ${quote(location, LONGEST_QUOTE)}`;
  return notListed(
    "redirected",
    `the list sends heartbeats ${target} (HTTP status ${status}), which is not followed`,
    "set url in [[heartbeat]] to the list's present address",
  );
}

function unreadable(text: string): NotListed {
  if (text === "") return notListed("unreadable", "the list's reply is empty", TRY_LATER);
  if (HTML.test(text)) return notListed("unreadable", "the list's reply is a web page", TRY_LATER);
  const excerpt = quote(text, LONGEST_EXCERPT);
  return notListed("unreadable", `the list's reply is cut off or no reply of a list: ${excerpt}`, TRY_LATER);
}

function notListed(reason: NotListedReason, explanation: string, advice: string): NotListed {
  return { kind: "not-listed", reason, explanation, advice };
}

import type { HttpRequest } from "../transport/http_request.ts";

/** `request` as routers take it; `undefined` where it is none that a server of resources can be asked. */
export function fetchRequest({ method, target, headers, body }: HttpRequest): Request | undefined {
  // A whole URL, which clients behind a proxy send, says which host is meant, whatever the Host header says (RFC 9112, 3.2.2).
  const whole = /^https?:\/\//i.test(target) && URL.canParse(target) ? new URL(target) : undefined;
  const path = whole === undefined ? target : whole.pathname + whole.search;
  if (!path.startsWith("/")) return undefined;
  const hasBody = method !== "GET" && method !== "HEAD" && body.length > 0;
  try {
    const request = new Request(`http://admin${path}`, {
      method,
      headers: [...headers],
      ...(hasBody ? { body: new Uint8Array(body) } : {}),
    });
    if (whole !== undefined) request.headers.set("Host", whole.host);
    return request;
  } catch (error) {
    // Methods such as CONNECT, and values of headers with control characters.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

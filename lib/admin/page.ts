/** A page that can be nothing but itself: whatever gets into it is neither run nor loaded. */

/** See the file's first line. */
export interface Page {
  readonly html: string;
  /** Its Content-Security-Policy: its own scripts and styles, by their hashes, and requests to where it came from. */
  readonly policy: string;
}

/** @param html With its scripts and styles between tags, no `style` attributes and no handlers. */
export async function securePage(html: string): Promise<Page> {
  const [scripts, styles] = await Promise.all([hashes(html, "script"), hashes(html, "style")]);
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

/** Sources that allow what stands between the page's `tag`s. */
async function hashes(html: string, tag: "script" | "style"): Promise<string> {
  const found = html.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}>`, "gi"));
  const sources = await Promise.all([...found].map(([, text = ""]) => source(text)));
  return sources.length === 0 ? "'none'" : sources.join(" ");
}

async function source(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}

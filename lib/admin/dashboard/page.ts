/**
 * The dashboard: files that a browser could load one by one, answered as one page, so that it needs one request, one hash for
 * each of script and style in its Content-Security-Policy, and no build.
 */

/** Those that others import come first. */
const MODULES = [
  "elements",
  "words",
  "charts",
  "api",
  "poller",
  "event_stream",
  "dialogs",
  "notices",
  "plan",
  "orders",
  "trail",
  "attention",
  "doors",
  "overview",
  "backends",
  "players",
  "events",
  "main",
];
/** Where they are: beside this module, which in the executable is one with all others in `dist/`. */
const FOLDER = new URL(import.meta.url.endsWith("/page.ts") ? "./" : "../lib/admin/dashboard/", import.meta.url);
const IMPORT = /^import [^;]*;\n/gm;
const EXPORT = /^export /gm;

/** The whole page, with exactly one `<style>` and one `<script type="module">` and nothing to load. */
export async function dashboardPage(): Promise<string> {
  const [page, style, ...modules] = await Promise.all([
    read("page.html"),
    read("style.css"),
    ...MODULES.map((name) => read(`${name}.js`)),
  ]);
  // In one scope the modules need not import from each other; their top-level names differ.
  const script = modules.map((module) => module.replace(IMPORT, "").replace(EXPORT, "")).join("");
  return page
    .replace("<style></style>", () => `<style>\n${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">\n${script}</script>`);
}

function read(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, FOLDER));
}

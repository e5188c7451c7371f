import { dashboardPage } from "../../lib/admin/dashboard/page.ts";
import { assertEquals } from "../harness/assert.ts";

const FOLDER = new URL("../../lib/admin/dashboard/", import.meta.url);

Deno.test("the dashboard is one page with one style and one script, and loads nothing", async () => {
  const page = await dashboardPage();
  assertEquals(page.match(/<style[\s>]/g), ["<style>"]);
  assertEquals(page.match(/<script[\s>]/g), ["<script "]);
  const [markup = ""] = page.split("<style>");
  const [, rest = ""] = page.split("</style>");
  const [body = ""] = rest.split("<script ");
  assertEquals((markup + body).match(/\s(?:style|on\w+|src)=/g), null);
  assertEquals((markup + body).match(/\shref="(?!#|data:)/g), null);
  assertEquals(page.match(/@import|url\(|^import /gm), null);
});

Deno.test("every file of the dashboard is in the page", async () => {
  const page = await dashboardPage();
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (!name.endsWith(".js")) continue;
    const source = await Deno.readTextFile(new URL(name, FOLDER));
    const lines = source.split("\n").filter((line) => /^ {2,}\S/.test(line));
    assertEquals(lines.filter((line) => !page.includes(line)), [], name);
  }
});

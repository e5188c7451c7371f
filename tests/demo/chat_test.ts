import { assertEquals } from "../harness/assert.ts";
import { withColours } from "../../lib/demo/chat.ts";

Deno.test("withColours() takes % before a colour for &", () => {
  assertEquals(withColours("%chot 100% %z"), "&chot 100% %z");
});

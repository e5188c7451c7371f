import { Offers } from "../../lib/backends/offers.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { assertEquals } from "../harness/assert.ts";

const SOME = ExtensionSet.of("CustomBlocks");

Deno.test("a backend that has shown CPE may be replaced, so that it stays on trial", () => {
  const offers = new Offers(["hub"], []);
  assertEquals(offers.delivery("hub"), "on trial");
  offers.learn("hub", SOME);
  assertEquals(offers.delivery("hub"), "on trial");
});

Deno.test("a backend that put up with a list it does not know gets it at once", () => {
  const offers = new Offers(["hub"], []);
  offers.learn("hub", ExtensionSet.EMPTY);
  assertEquals(offers.delivery("hub"), "at once");
});

Deno.test("a backend that broke off over a list gets none until it lists extensions itself", () => {
  const offers = new Offers(["hub"], []);
  offers.learn("hub", SOME);
  offers.listRefused("hub");
  offers.learn("hub", ExtensionSet.EMPTY);
  assertEquals(offers.delivery("hub"), "on request");
  offers.learn("hub", SOME);
  assertEquals(offers.delivery("hub"), "on trial");
});

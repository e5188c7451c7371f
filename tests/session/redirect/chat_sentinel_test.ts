import { readSentinel } from "../../../lib/session/redirect/chat_sentinel.ts";
import { assertEquals } from "../../harness/assert.ts";

const TOKEN = "s3cr3t";

Deno.test("a whole line with the backend's token and a name is a sentinel", () => {
  for (const name of ["arena", "A", "my_pool-2.0", "n".repeat(32)]) {
    assertEquals(readSentinel(`^detail.user.kurafuto ${TOKEN} ${name}`, TOKEN), { kind: "move", to: name });
  }
});

Deno.test("the form with another token is told apart", () => {
  for (const token of ["S3cr3t", "s3cr3", "s3cr3tt", "", "x"]) {
    assertEquals(readSentinel(`^detail.user.kurafuto ${token} arena`, TOKEN), { kind: "wrong-token" }, token);
  }
});

Deno.test("without a token of its own a backend has no sentinel, whatever it says", () => {
  for (const given of ["s3cr3t arena", " arena", "arena", ""]) {
    assertEquals(readSentinel(`^detail.user.kurafuto ${given}`, ""), { kind: "none" }, given);
  }
});

Deno.test("a line that is not the sentinel and nothing else is chat", () => {
  for (
    const line of [
      `Steve: ^detail.user.kurafuto ${TOKEN} arena`,
      `&e^detail.user.kurafuto ${TOKEN} arena`,
      ` ^detail.user.kurafuto ${TOKEN} arena`,
      `^detail.user.kurafuto ${TOKEN} arena please`,
      `^detail.user.kurafuto ${TOKEN}  arena`,
      `^detail.user.kurafuto  ${TOKEN} arena`,
      `^detail.user.kurafuto ${TOKEN} are na`,
      `^detail.user.kurafuto ${TOKEN} aréna`,
      `^detail.user.kurafuto ${TOKEN} ${"n".repeat(33)}`,
      `^detail.user.kurafuto ${TOKEN}`,
      `^detail.user.kurafuto ${TOKEN} `,
      "^detail.user.kurafuto",
      `^detail.user.kurafutoo ${TOKEN} arena`,
      `^Detail.User.Kurafuto ${TOKEN} arena`,
      `^detail.user ${TOKEN} arena`,
      "",
    ]
  ) assertEquals(readSentinel(line, TOKEN), { kind: "none" }, line);
});

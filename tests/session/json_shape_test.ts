import {
  anyNumber,
  bytes,
  converted,
  flag,
  kinds,
  list,
  object,
  oneOf,
  optional,
  type Shape,
  ShapeFault,
  text,
  whole,
} from "../../lib/session/json_shape.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

type Pet = { readonly kind: "cat"; readonly lives: number } | { readonly kind: "dog"; readonly name: string };

const PET = kinds<Pet>({
  cat: object<Extract<Pet, { kind: "cat" }>>({ kind: oneOf("cat"), lives: whole(0, 9) }),
  dog: object<Extract<Pet, { kind: "dog" }>>({ kind: oneOf("dog"), name: text(5) }),
});
const PETS = object<{ readonly pets: readonly Pet[] }>({ pets: list(PET, 2) });
const EVEN = converted<number, string>(text(9), (value) => String(value), (written) => {
  if (Number(written) % 2 !== 0) throw new ShapeFault("an odd one");
  return Number(written);
});

/** Reads what went through JSON. */
function read<T>(shape: Shape<T>, json: unknown): T {
  return shape.read(JSON.parse(JSON.stringify(json) ?? "null"));
}

function back<T>(shape: Shape<T>, value: T): T {
  return read(shape, shape.write(value));
}

Deno.test("values come back as they were written", () => {
  assertEquals(back(whole(-3, 3), -3), -3);
  assertEquals(back(anyNumber, 0.5), 0.5);
  assertEquals(back(flag, false), false);
  assertEquals(back(text(3), "☺&é"), "☺&é");
  assertEquals(back(bytes(3), Uint8Array.of(0, 128, 255)), Uint8Array.of(0, 128, 255));
  assertEquals(back(EVEN, 4), 4);
  assertEquals(back(object({ there: optional(flag), gone: optional(flag) }), { there: true, gone: undefined }), {
    there: true,
    gone: undefined,
  });
  const pets = [{ kind: "cat", lives: 9 }, { kind: "dog", name: "Rex" }] as const;
  assertEquals(back(PETS, { pets }), { pets });
});

Deno.test("anything else is refused with what it is and where, but never with a text", () => {
  for (
    const [shape, json, words] of [
      [whole(0, 9), 10, "Cannot read it: current value is 10"],
      [whole(0, 9), -1, "Cannot read it: current value is -1"],
      [whole(0, 9), 0.5, "Cannot read it: current value is 0.5"],
      [whole(0, 9), "7", "Cannot read it: current value is a text of 1"],
      [anyNumber, null, "Cannot read it: current value is null"],
      [flag, 1, "Cannot read it: current value is 1"],
      [text(3), "word", "Cannot read it: current value is a text of 4"],
      [oneOf("a", "b"), "c", "Cannot read it: current value is a text of 1"],
      [bytes(3), "no!", "Cannot read it: current value is no base64"],
      [bytes(3), "AAAAAAAA", "Cannot read it: current value is 6 bytes"],
      [list(flag, 1), [true, true], "Cannot read it: current value is a list of 2"],
      [list(flag, 1), {}, "Cannot read it: current value is an object"],
      [object({ a: flag }), [], "Cannot read it: current value is a list of 0"],
      [object({ a: flag }), {}, "Cannot read a: current value is undefined"],
      [
        PETS,
        { pets: [{ kind: "cat", lives: 9 }, { kind: "cat", lives: 10 }] },
        "Cannot read pets.1.lives: current value is 10",
      ],
      [PETS, { pets: [{ kind: "constructor" }] }, "Cannot read pets.0.kind: current value is a text of 11"],
      [EVEN, "3", "Cannot read it: current value is an odd one"],
    ] as readonly [Shape<unknown>, unknown, string][]
  ) {
    assertThrows(() => read(shape, json), ShapeFault, words);
  }
});

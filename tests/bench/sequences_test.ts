import { MeasurementError } from "../../bench/leg.ts";
import { Sequences } from "../../bench/sequences.ts";
import { assert, assertEquals, assertThrows } from "../harness/assert.ts";

Deno.test("Sequences numbers each flow by itself and is complete once all has come", () => {
  const sequences = new Sequences(2, 16);
  const sent = [sequences.send(0), sequences.send(1), sequences.send(0)];
  assertEquals(sent, [0, 0, 1]);
  sequences.receive(1, 0);
  sequences.receive(0, 0);
  assert(!sequences.complete);
  sequences.receive(0, 1);
  assert(sequences.complete);
  assertEquals(sequences.received, 3);
});

Deno.test("Sequences notices a packet that is lost, repeated, overtaken or of no flow", () => {
  for (const numbers of [[1], [0, 0], [0, 2, 1], [0, 1, 1]]) {
    const sequences = new Sequences(1, 16);
    for (let count = 0; count < 3; count++) sequences.send(0);
    assertThrows(() => numbers.forEach((number) => sequences.receive(0, number)), MeasurementError);
  }
  assertThrows(() => new Sequences(1, 16).receive(7, 5), MeasurementError);
});

Deno.test("Sequences starts again behind the largest number", () => {
  const sequences = new Sequences(1, 16);
  for (let count = 0; count < 0x1_0001; count++) sequences.receive(0, sequences.send(0));
  assertEquals(sequences.send(0), 1);
});

import { readEvents } from "../../lib/admin/event_stream.ts";
import { assertEquals, assertRejects } from "../harness/assert.ts";

function streamOf(...chunks: readonly (string | Uint8Array<ArrayBuffer>)[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return ReadableStream.from(bytes);
}

Deno.test("events are read whatever portions they come in", async () => {
  const text =
    'retry: 2000\n: hello\n\nid: 1\nevent: join\ndata: {"a":"é"}\n\n:\n\ndata:b\r\ndata: c\r\n\r\nid: 3\n\ndata: cut off\n';
  const whole = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, whole.length]) {
    const chunks = Array.from(
      { length: Math.ceil(whole.length / size) },
      (_, index) => whole.slice(index * size, (index + 1) * size),
    );
    assertEquals(await Array.fromAsync(readEvents(streamOf(...chunks))), ['{"a":"é"}', "b\nc"]);
  }
});

Deno.test("an event without an end is given up", async () => {
  const endless = "data: ".padEnd(2 ** 19, "x");
  await assertRejects(
    () => Array.fromAsync(readEvents(streamOf(endless, endless, endless))),
    RangeError,
    "Cannot read events as one is longer than",
  );
  const lines = Array.from({ length: 5 }, () => `${endless}\n`);
  await assertRejects(() => Array.fromAsync(readEvents(streamOf(...lines))), RangeError);
});

Deno.test("leaving the loop cancels the stream", async () => {
  const cancelled = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => cancelled.resolve(),
  });
  for await (const data of readEvents(stream)) {
    assertEquals(data, "1");
    break;
  }
  await cancelled.promise;
});

/** Reading server-sent events, as the HTML standard describes them (section 9.2). */

/** Longest line that is taken, in UTF-16 units; it bounds what a sender can make the reader keep. */
const LONGEST_LINE = 2 ** 20;

/**
 * The data of each event in `body`, in order, until it ends; an event without its empty line at the end is none. Leaving the loop
 * early cancels `body`.
 *
 * @throws {RangeError} on a line, or the data of an event, that is too long
 */
export async function* readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  let data: string | undefined;
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.map((line) => line.replace(/\r$/, ""))) {
      if (line === "" && data !== undefined) {
        yield data;
        data = undefined;
      }
      const [, value] = /^data: ?(.*)$/s.exec(line) ?? [];
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`;
    }
    if (rest.length + (data?.length ?? 0) > LONGEST_LINE) {
      throw new RangeError(`Cannot read events as one is longer than ${LONGEST_LINE} characters`);
    }
  }
}

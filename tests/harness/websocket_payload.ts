const HEADER_END = [13, 10, 13, 10];
const DATA_OPCODES = [0, 1, 2];

/** The bytes that a recorded WebSocket stream carries: without its HTTP header, its frame headers and its masks. */
export function websocketPayload(stream: Uint8Array): Uint8Array {
  const parts: number[] = [];
  for (let at = headerEnd(stream); at < stream.length;) {
    const opcode = (stream[at] ?? 0) & 0x0f;
    const isMasked = ((stream[at + 1] ?? 0) & 0x80) !== 0;
    const shortLength = (stream[at + 1] ?? 0) & 0x7f;
    if (shortLength === 127) {
      throw new RangeError(`Cannot read a WebSocket frame: it is longer than 65,535 bytes at ${at}`);
    }
    const isShort = shortLength < 126;
    const length = isShort ? shortLength : (stream[at + 2] ?? 0) << 8 | (stream[at + 3] ?? 0);
    const maskAt = at + (isShort ? 2 : 4);
    const dataAt = maskAt + (isMasked ? 4 : 0);
    if (DATA_OPCODES.includes(opcode)) {
      for (let i = 0; i < length; i++) {
        parts.push((stream[dataAt + i] ?? 0) ^ (isMasked ? stream[maskAt + i % 4] ?? 0 : 0));
      }
    }
    at = dataAt + length;
  }
  return Uint8Array.from(parts);
}

function headerEnd(stream: Uint8Array): number {
  const at = stream.findIndex((_, start) => HEADER_END.every((byte, index) => stream[start + index] === byte));
  if (at < 0) throw new RangeError("Cannot read a WebSocket stream: its HTTP header has no end");
  return at + HEADER_END.length;
}

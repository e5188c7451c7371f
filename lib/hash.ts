/** A hash of `text` from 0 to 2³² - 1: FNV-1a over its UTF-16 code units, then the finalizer of MurmurHash3, so that every bit counts. */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ state >>> 16, 0x85ebca6b);
  state = Math.imul(state ^ state >>> 13, 0xc2b2ae35);
  return (state ^ state >>> 16) >>> 0;
}

/**
 * Text of Classic: code page 437 with its glyphs for the control codes, as the ClassiCube client draws it, padded to 64 bytes
 * with spaces.
 */

import type { ExtensionSet } from "./extensions.ts";

/** Size in bytes of every text field. */
export const TEXT_SIZE = 64;

const SPACE = 0x20;
const QUESTION_MARK = 0x3f;
const AMPERSAND = 0x26;
const CONTINUATION = "> ";
/** Minecraft 0.30 crashes when it draws one. */
const TRAILING_AMPERSANDS = /&+$/;

const CP437 = "\0☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
  " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const BYTE_OF: ReadonlyMap<string, number> = new Map(Array.from(CP437, (char, byte) => [char, byte]));

/** UTF-16 by byte: every character is one unit. */
const UNIT_OF: Uint16Array = Uint16Array.from(CP437, (char) => char.charCodeAt(0));

/** `text` in code page 437; characters it lacks become `?`. */
export function encodeText(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => BYTE_OF.get(char) ?? QUESTION_MARK);
}

/** Whether every character of `text` exists in code page 437 and the whole fits one text field. */
export function fitsTextField(text: string): boolean {
  const chars = Array.from(text);
  return chars.length <= TEXT_SIZE && chars.every((char) => BYTE_OF.has(char));
}

/** Text of the 64 bytes at `at`, without the padding: trailing spaces or NULs, both seen in the wild. */
export function readText(bytes: Uint8Array, at: number): string {
  // Faster than a character appended to another.
  const units = new Array<number>(textEnd(bytes, at) - at);
  for (let index = 0; index < units.length; index++) units[index] = UNIT_OF[bytes[at + index] ?? 0] ?? 0;
  return String.fromCharCode(...units);
}

/** Writes `text` into the 64 bytes at `at`, padded with spaces; what does not fit is cut. */
export function writeText(bytes: Uint8Array, at: number, text: string): void {
  const end = at + TEXT_SIZE;
  bytes.fill(SPACE, at, end);
  for (const char of text) {
    if (at === end) return;
    bytes[at++] = BYTE_OF.get(char) ?? QUESTION_MARK;
  }
}

/** Position just past the last byte of the text field at `at` that is no padding. */
export function textEnd(bytes: Uint8Array, at: number): number {
  let end = at + TEXT_SIZE;
  while (end > at && (bytes[end - 1] === SPACE || bytes[end - 1] === 0)) end--;
  return end;
}

/** Cuts text into lines that fit a packet, at spaces where possible, each in the colour the one before ended in. */
export function wrapText(text: string): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > TEXT_SIZE) {
    const space = rest.lastIndexOf(" ", TEXT_SIZE);
    const cut = space > TEXT_SIZE / 2 ? space : TEXT_SIZE - (rest[TEXT_SIZE - 1] === "&" ? 1 : 0);
    const line = rest.slice(0, cut);
    lines.push(line);
    rest = CONTINUATION + (line.match(/&[0-9a-z]/gi)?.at(-1) ?? "") + rest.slice(cut).trimStart();
  }
  return [...lines, rest].map((line) => line.replace(TRAILING_AMPERSANDS, ""));
}

/** A line as a client with `extensions` can draw it: without FullCP437 only ASCII. */
export function drawable(line: string, extensions: ExtensionSet): string {
  return extensions.has("FullCP437") ? line : line.replaceAll(/[^\x20-\x7e]/g, "?");
}

/** Blanks every `&` at the end of the text field at `at`: Minecraft 0.30 crashes when it draws one. */
export function blankTrailingAmpersands(bytes: Uint8Array, at: number): void {
  for (let end = textEnd(bytes, at); end > at && bytes[end - 1] === AMPERSAND; end = textEnd(bytes, at)) {
    bytes[end - 1] = SPACE;
  }
}

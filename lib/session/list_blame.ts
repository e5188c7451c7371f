/** Telling whether a backend broke off over the list of extensions that it was sent. */

/** ExtInfo, with which a list begins: its name, or its id behind a word for what was not understood. Kicks have many other numbers. */
const LIST = /(?:opcode|packet|command|\bid)\D{0,8}(?:16(?!\d)|0x10(?![\da-f]))|ExtInfo/i;

/** Whether a kick names what a list begins with, as old servers do with what they do not know: `Unhandled opcode "16"!` */
export function blamesList(kick: string): boolean {
  return LIST.test(kick);
}

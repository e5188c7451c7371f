/** Telling whether a backend broke off over the list of extensions that it was sent. */

/** ExtInfo, with which a list begins, by its id or its name. */
const LIST = /(?<!\d)16(?!\d)|0x10(?![\da-f])|ExtInfo/i;

/** Whether a kick names what a list begins with, as old servers do with what they do not know: `Unhandled opcode "16"!` */
export function blamesList(kick: string): boolean {
  return LIST.test(kick);
}

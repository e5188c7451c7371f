export type Colour = "green" | "yellow" | "red" | "grey" | "bold";

/** Parameters of the escape sequence that selects each, as ECMA-48 and every terminal have them. */
const PARAMETERS: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33, grey: 90 };

/** Puts a colour on a text that is shown. */
export type Paint = (text: string, colour: Colour | undefined) => string;

/** For what is no terminal, and for people who want no colours. */
export const plain: Paint = (text) => text;

export const coloured: Paint = (text, colour) =>
  colour === undefined ? text : `\x1b[${PARAMETERS[colour]}m${text}\x1b[0m`;

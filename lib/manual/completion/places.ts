/** What can stand where on a command line: what every shell's script is written from. */
import {
  COMMANDS,
  DEFAULT_COMMAND,
  groupOf,
  GROUPS,
  type NameKind,
  shownCommands,
} from "../../command_line/commands.ts";
import { type Flag, FLAGS, goesWith } from "../../command_line/flags.ts";

/** A word, and what it means. */
export type Word = readonly [word: string, meaning: string];

/** What may stand in a place. */
export type Offer =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  /** What `kurafuto complete` prints of that kind. */
  | { readonly kind: "names"; readonly names: NameKind }
  | { readonly kind: "files" };

/** Places that may hold the same. */
export interface Choice {
  readonly places: readonly string[];
  readonly offer: Offer;
}

/** Flags, as typed, that take a value, in order: `-c`, `--config`. */
export const VALUED: readonly string[] = FLAGS.filter(({ value }) => value !== undefined).flatMap(typedForms);

/** Those of them that say where the edge is. */
export const PASSED_ON: readonly string[] = FLAGS
  .filter((flag) => flag.value !== undefined && goesWith(flag, "complete")).flatMap(typedForms);

/** Flags of one letter that mean a command. */
export const LETTERS: readonly (readonly [flag: string, command: string])[] = COMMANDS
  .flatMap(({ name, short }) => short === undefined ? [] : [[`-${short}`, name] as const]);

/** Words that another word of the command's name follows. */
export const GROUP_NAMES: readonly string[] = Object.keys(GROUPS);

/** What the values of flags may be, by the flags as typed; what is not here may be anything. */
export function flagValues(): readonly Choice[] {
  return together(FLAGS.flatMap((flag): readonly Place[] => {
    const offer = valueOffer(flag);
    return offer === undefined ? [] : typedForms(flag).map((place) => ({ place, offer }));
  }));
}

/** Flags, by the command that they go with; it is empty as long as none is typed. */
export function flagsOfCommands(): readonly Choice[] {
  const beginning = FLAGS.filter((flag) => goesWith(flag, DEFAULT_COMMAND.name) || goesWith(flag, "--version"));
  return together([
    { place: "", offer: flagOffer(beginning) },
    ...shownCommands().map(({ name }) => ({
      place: name,
      offer: flagOffer(FLAGS.filter((flag) => goesWith(flag, name))),
    })),
  ]);
}

/** What words that are no flags may be, by the command before them and how many of its arguments are there: `ctl move 0`. */
export function wordPlaces(): readonly Choice[] {
  const first = shownCommands().filter(({ name }) => groupOf(name) === undefined)
    .map(({ name, summary }): Word => [name, summary]);
  return together([
    { place: " 0", offer: { kind: "words", words: [...first, ...Object.entries(GROUPS)] } },
    ...GROUP_NAMES.map((group) => ({ place: `${group} 0`, offer: groupOffer(group) })),
    ...shownCommands().flatMap(({ name, args = [] }) =>
      args.flatMap(({ choices, names }, position): readonly Place[] => {
        const offer = names === undefined ? choices && wordsOf(choices) : { kind: "names", names } as const;
        return offer === undefined ? [] : [{ place: `${name} ${position}`, offer }];
      })
    ),
  ]);
}

interface Place {
  readonly place: string;
  readonly offer: Offer;
}

/** Places with the same offer as one choice, in the order that the offers first come in. */
function together(places: readonly Place[]): readonly Choice[] {
  const byOffer = Map.groupBy(places, ({ offer }) => JSON.stringify(offer));
  return Array.from(byOffer.values()).flatMap((same) =>
    same.slice(0, 1).map(({ offer }) => ({ places: same.map(({ place }) => place), offer }))
  );
}

function flagOffer(flags: readonly Flag[]): Offer {
  return { kind: "words", words: flags.map(({ name, summary }) => [`--${name}`, summary]) };
}

function groupOffer(group: string): Offer {
  const members = shownCommands().filter(({ name }) => groupOf(name) === group);
  return { kind: "words", words: members.map(({ name, summary }) => [name.slice(group.length + 1), summary]) };
}

function valueOffer({ choices, isFile, names }: Flag): Offer | undefined {
  if (isFile === true) return { kind: "files" };
  return names === undefined ? choices && wordsOf(choices) : { kind: "names", names };
}

function wordsOf(choices: readonly string[]): Offer {
  return { kind: "words", words: choices.map((choice) => [choice, ""]) };
}

function typedForms({ name, short }: Flag): readonly string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

/**
 * A strict reader of Prometheus' text format 0.0.4. It takes no more than a careful writer gives: HELP, TYPE and then the samples of
 * each family in one piece, without timestamps, names by the conventions.
 */

export type FamilyType = "counter" | "gauge" | "histogram";
export type Labels = Readonly<Record<string, string>>;

/** One line with a value. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What one HELP and one TYPE describe. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const HELP = /^# HELP (\S+) (.+)$/;
const TYPE = /^# TYPE (\S+) (counter|gauge|histogram)$/;
const SAMPLE = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? (\S+)$/;
/** A label and what follows it; the value may hold anything but a quote or a backslash, unless escaped. */
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,(?=.)|$)/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;
/** Endings that mean something by themselves, or name what the type says already. */
const RESERVED_ENDING = /_(?:total|bucket|sum|count|gauge|counter|histogram)$/;

/** A whole answer to a scrape. */
export class Exposition {
  readonly families: ReadonlyMap<string, Family>;

  constructor(families: ReadonlyMap<string, Family>) {
    this.families = families;
  }

  /** Number of series, the buckets of histograms included. */
  get series(): number {
    return this.samples.length;
  }

  get samples(): readonly Sample[] {
    return [...this.families.values()].flatMap(({ samples }) => samples);
  }

  /** The value of the series with exactly these labels; `undefined` where there is none. */
  value(name: string, labels: Labels = {}): number | undefined {
    const wanted = keyOf(name, labels);
    return this.samples.find((sample) => keyOf(sample.name, sample.labels) === wanted)?.value;
  }

  /** Every value that a label of a metric has, sorted. */
  valuesOf(name: string, label: string): readonly string[] {
    const found = this.samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label] ?? "");
    return [...new Set(found)].sort();
  }

  /** Sum of all series of a metric. */
  total(name: string): number {
    return this.samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
  }
}

/**
 * Reads an answer to a scrape.
 *
 * @throws {Error} with the line's number where a rule is broken
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith("\n")) throw new Error("Cannot read metrics: the last line does not end");
  const reader = new Reader();
  for (const [index, line] of text.slice(0, -1).split("\n").entries()) {
    try {
      reader.line(line);
    } catch (error) {
      throw new Error(`Cannot read metrics: line ${index + 1}: ${messageOf(error)}: current value is "${line}"`);
    }
  }
  return new Exposition(reader.end());
}

interface OpenFamily {
  readonly name: string;
  readonly help: string;
  type: FamilyType | undefined;
  readonly samples: Sample[];
}

class Reader {
  readonly #families = new Map<string, Family>();
  readonly #seen = new Set<string>();
  #open: OpenFamily | undefined;

  line(line: string): void {
    if (line === "") return;
    if (line.startsWith("#")) this.#comment(line);
    else this.#sample(line);
  }

  end(): ReadonlyMap<string, Family> {
    this.#close();
    return this.#families;
  }

  #comment(line: string): void {
    const [, helped, help] = HELP.exec(line) ?? [];
    if (helped !== undefined && help !== undefined) {
      this.#close();
      if (!NAME.test(helped)) throw new Error("not a name");
      if (this.#families.has(helped)) throw new Error("the family was described before");
      this.#open = { name: helped, help: unescape(help, "\\n"), type: undefined, samples: [] };
      return;
    }
    const [, typed, type] = TYPE.exec(line) ?? [];
    if (type === undefined) throw new Error("neither HELP nor a known TYPE");
    const open = this.#open;
    if (open === undefined || open.name !== typed || open.type !== undefined) {
      throw new Error("TYPE must follow its own HELP, once");
    }
    open.type = type as FamilyType;
    checkName(open.name, open.type);
  }

  #sample(line: string): void {
    const [, name, list, number] = SAMPLE.exec(line) ?? [];
    const open = this.#open;
    if (name === undefined || number === undefined || !NUMBER.test(number)) throw new Error("not a sample");
    if (open?.type === undefined) throw new Error("no TYPE before it");
    const sample = { name, labels: readLabels(list), value: readNumber(number) };
    checkSample(sample, open.name, open.type);
    const key = keyOf(name, sample.labels);
    if (this.#seen.has(key)) throw new Error("the series was there before");
    this.#seen.add(key);
    open.samples.push(sample);
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const { type } = open;
    if (type === undefined) throw new Error(`${open.name} has no TYPE`);
    if (type === "histogram") checkHistogram(open);
    this.#families.set(open.name, { ...open, type });
  }
}

function checkName(name: string, type: FamilyType): void {
  if (type === "counter" && !name.endsWith("_total")) throw new Error("the name of a counter ends in _total");
  if (type !== "counter" && RESERVED_ENDING.test(name)) throw new Error(`a ${type} has no such name`);
}

function checkSample({ name, labels, value }: Sample, family: string, type: FamilyType): void {
  const names = type === "histogram" ? ["_bucket", "_sum", "_count"].map((ending) => family + ending) : [family];
  if (!names.includes(name)) throw new Error(`not a sample of ${family}`);
  const isBucket = type === "histogram" && name.endsWith("_bucket");
  if (isBucket !== ("le" in labels)) throw new Error("le belongs to buckets");
  if (type !== "gauge" && !(value >= 0)) throw new Error("a count is not negative");
}

/** Each set of labels has ascending buckets up to +Inf, whose count is that of all, and a sum. */
function checkHistogram({ name, samples }: OpenFamily): void {
  const sets = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = keyOf(name, labels);
    sets.set(key, [...sets.get(key) ?? [], sample]);
  }
  for (const [key, set] of sets) {
    const buckets = set.filter((sample) => sample.name === `${name}_bucket`);
    const count = set.find((sample) => sample.name === `${name}_count`)?.value;
    if (count === undefined || !set.some((sample) => sample.name === `${name}_sum`)) {
      throw new Error(`${key} has no sum or no count`);
    }
    let [bound, below] = [-Infinity, 0];
    for (const { labels, value } of buckets) {
      const next = readNumber(labels["le"] ?? "");
      if (!(next > bound) || value < below) throw new Error(`the buckets of ${key} do not ascend`);
      [bound, below] = [next, value];
    }
    if (bound !== Infinity || below !== count) throw new Error(`the last bucket of ${key} is not its count`);
  }
}

function readLabels(list: string | undefined): Labels {
  const labels: Record<string, string> = {};
  if (list === undefined) return labels;
  let rest = list;
  do {
    const [whole, name, value] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name === undefined || value === undefined) throw new Error("not a list of labels");
    if (name.startsWith("__")) throw new Error("a reserved label");
    if (name in labels) throw new Error("a label twice");
    labels[name] = unescape(value, '\\n"');
    rest = rest.slice(whole.length);
  } while (rest !== "");
  return labels;
}

/** @param allowed What may stand behind a backslash. */
function unescape(text: string, allowed: string): string {
  return text.replace(/\\(.?)/g, (_, escaped: string) => {
    if (escaped === "" || !allowed.includes(escaped)) throw new Error(`no escape is \\${escaped}`);
    return escaped === "n" ? "\n" : escaped;
  });
}

function readNumber(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}

function keyOf(name: string, labels: Labels): string {
  const list = Object.keys(labels).sort().map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return `${name}{${list.join(",")}}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { type ConfigProblem, formatPath, type Path } from "./problem.ts";
import { isTable, parseToml, type TomlDocument, TomlSyntaxError, type TomlTable, type WholeFloat } from "./toml.ts";

/** What was written, before it is checked, and where each key of it comes from. */
export class Document {
  readonly root: TomlTable;
  readonly #wholeFloats: readonly WholeFloat[];
  readonly #file: string;
  readonly #lines: ReadonlyMap<string, number>;
  /** Keys set from outside the file: the variable or flag, by formatted path. */
  readonly #origins = new Map<string, string>();

  constructor(file: string, { root, lines, wholeFloats }: TomlDocument) {
    this.#file = file;
    this.root = root;
    this.#wholeFloats = wholeFloats;
    this.#lines = lines;
  }

  /** Sets `section.key`, as the variable or flag `origin` asks. Does nothing when the file made `section` no table. */
  set(section: string, key: string, value: unknown, origin: string): void {
    const table = this.root[section] ??= Object.create(null);
    if (!isTable(table)) return;
    table[key] = value;
    this.#origins.set(formatPath([section, key]), origin);
  }

  /** Whole numbers that the file writes as floats, and that nothing else has set. */
  get wholeFloats(): readonly WholeFloat[] {
    return this.#wholeFloats.filter(({ path }) => !this.#origins.has(formatPath(path)));
  }

  /** What stands at `path`, `undefined` when nothing does. */
  valueAt(path: Path): unknown {
    return path.reduce<unknown>(
      (value, key) => Array.isArray(value) ? value[Number(key)] : isTable(value) ? value[key] : undefined,
      this.root,
    );
  }

  /** A problem with what stands at `path`; what is missing is looked for at the table it should be in, or where the file begins. */
  problem(path: Path, message: string): ConfigProblem {
    for (let length = path.length; length > 0; length--) {
      const place = formatPath(path.slice(0, length));
      const origin = this.#origins.get(place);
      if (origin !== undefined) return { file: origin, line: undefined, path: formatPath(path), message };
      const line = this.#lines.get(place);
      if (line !== undefined) return { file: this.#file, line, path: formatPath(path), message };
    }
    return { file: this.#file, line: 1, path: formatPath(path), message };
  }

  /** Tables of the section `[[name]]` with their paths, whatever else is wrong with them. */
  tables(name: string): readonly { readonly table: TomlTable; readonly path: Path }[] {
    const tables = this.root[name];
    if (!Array.isArray(tables)) return [];
    return tables.flatMap((table: unknown, index) => isTable(table) ? [{ table, path: [name, index] }] : []);
  }
}

/** Reads the text of `file`; a document that is no TOML comes back empty, with the reason. */
export function readDocument(file: string, text: string): { document?: Document; problems: ConfigProblem[] } {
  try {
    const toml = parseToml(text);
    return { document: new Document(file, toml), problems: toml.repeats.map((repeat) => ({ file, ...repeat })) };
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    return { problems: [{ file, line: error.line, path: error.path, message: error.message }] };
  }
}

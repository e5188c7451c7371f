/** Shapes of plain data: what is written as JSON, and read back with a look at everything, as whoever wrote it may be anybody. */

/** How values of one type are written as JSON and read. */
export interface Shape<T> {
  /** What JSON can express of `value`. */
  write(value: T): unknown;
  /** The value that was written as `json`. Throws a {@linkcode ShapeFault} for anything that {@linkcode write} does not return. */
  read(json: unknown): T;
}

/** What is wrong with a value, and where. */
export class ShapeFault extends Error {
  override readonly name = "ShapeFault";
  readonly #what: string;

  /**
   * @param what What the value is instead; never the text of one, which may be secret.
   * @param path Where it is; empty for the value that was read.
   */
  constructor(what: string, readonly path: readonly (string | number)[] = []) {
    super(`Cannot read ${path.join(".") || "it"}: current value is ${what}`);
    this.#what = what;
  }

  /** The same fault of something that contains the value at `key`. */
  within(key: string | number): ShapeFault {
    return new ShapeFault(this.#what, [key, ...this.path]);
  }
}

/** A number from `least` to `most`; a whole one where `whole` says so. */
function numberShape(least: number, most: number, whole: boolean): Shape<number> {
  return {
    write: (value) => value,
    read: (json) => {
      if (typeof json !== "number" || json < least || json > most || whole && !Number.isInteger(json)) {
        throw faultOf(json);
      }
      return json;
    },
  };
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Shape<number> {
  return numberShape(least, most, true);
}

/** Any finite number. */
export const anyNumber: Shape<number> = numberShape(-Number.MAX_VALUE, Number.MAX_VALUE, false);

/** True or false. */
export const flag: Shape<boolean> = {
  write: (value) => value,
  read: (json) => {
    if (typeof json !== "boolean") throw faultOf(json);
    return json;
  },
};

/** Text of at most `most` UTF-16 units. */
export function text(most: number): Shape<string> {
  return {
    write: (value) => value,
    read: (json) => {
      if (typeof json !== "string" || json.length > most) throw faultOf(json);
      return json;
    },
  };
}

/** One of a few numbers or words. */
export function oneOf<T extends string | number>(...values: readonly T[]): Shape<T> {
  return {
    write: (value) => value,
    read: (json) => {
      const value = values.find((known) => known === json);
      if (value === undefined) throw faultOf(json);
      return value;
    },
  };
}

/** At most `most` bytes, as base64. */
export function bytes(most: number): Shape<Uint8Array> {
  return {
    write: (value) => value.toBase64(),
    read: (json) => {
      if (typeof json !== "string") throw faultOf(json);
      let value: Uint8Array;
      try {
        value = Uint8Array.fromBase64(json);
      } catch {
        throw new ShapeFault("no base64");
      }
      if (value.length > most) throw new ShapeFault(`${value.length} bytes`);
      return value;
    },
  };
}

/** At most `most` values of one shape. */
export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  return {
    write: (values) => values.map((value) => item.write(value)),
    read: (json) => {
      if (!Array.isArray(json) || json.length > most) throw faultOf(json);
      return json.map((value, index) => readAt(item, value, index));
    },
  };
}

/** A value that may be `undefined`. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    write: (value) => value === undefined ? undefined : shape.write(value),
    read: (json) => json === undefined ? undefined : shape.read(json),
  };
}

/** An object with these fields; others that it may have are not looked at. */
export function object<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    write: (value) => {
      const json: Record<string, unknown> = {};
      for (const name of names) json[name] = fields[name].write(value[name]);
      return json;
    },
    read: (json) => {
      if (!isObject(json)) throw faultOf(json);
      const value: Partial<T> = {};
      for (const name of names) value[name] = readAt(fields[name], json[name], name);
      // Every field of the type was filled in.
      return value as T;
    },
  };
}

/** Objects of several kinds, told apart by their field `kind`. */
export function kinds<T extends { readonly kind: string }>(
  shapes: { readonly [K in T["kind"]]: Shape<Extract<T, { kind: K }>> },
): Shape<T> {
  const byKind = new Map<string, Shape<T>>(Object.entries(shapes));
  const shapeOf = (kind: unknown): Shape<T> => {
    const shape = typeof kind === "string" ? byKind.get(kind) : undefined;
    if (shape === undefined) throw faultOf(kind).within("kind");
    return shape;
  };
  return {
    write: (value) => shapeOf(value.kind).write(value),
    read: (json) => {
      if (!isObject(json)) throw faultOf(json);
      return shapeOf(json.kind).read(json);
    },
  };
}

/** A value that stands for one of another type, where `read` may throw a {@linkcode ShapeFault}. */
export function converted<T, J>(shape: Shape<J>, write: (value: T) => J, read: (json: J) => T): Shape<T> {
  return { write: (value) => shape.write(write(value)), read: (json) => read(shape.read(json)) };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function readAt<T>(shape: Shape<T>, json: unknown, key: string | number): T {
  try {
    return shape.read(json);
  } catch (error) {
    throw error instanceof ShapeFault ? error.within(key) : error;
  }
}

function faultOf(json: unknown): ShapeFault {
  if (typeof json === "string") return new ShapeFault(`a text of ${json.length}`);
  if (Array.isArray(json)) return new ShapeFault(`a list of ${json.length}`);
  return new ShapeFault(typeof json === "object" && json !== null ? "an object" : String(json));
}

/** The part of `@std/toml` that the configuration uses; its npm mirror ships no types. */
export declare function parse(toml: string): Record<string, unknown>;

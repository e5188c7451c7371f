/** The part of `@std/yaml` that the tests use; its npm mirror ships no types. */
export declare function parse(yaml: string): unknown;

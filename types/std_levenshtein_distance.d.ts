/** `@std/text/levenshtein-distance`; its npm mirror ships no types. */
export declare function levenshteinDistance(a: string, b: string): number;

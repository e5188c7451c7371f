/** `@std/bytes/concat`; its npm mirror ships no types. */
export declare function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;

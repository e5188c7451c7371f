/** Lines to put into the tables of the smallest configuration, and behind it. */
export interface MinimalOptions {
  /** @default "" */
  readonly listener?: string;
  /** @default "" */
  readonly backend?: string;
  /** @default "" */
  readonly pool?: string;
  /** @default "" */
  readonly rest?: string;
}

/** The smallest configuration, ten lines and those of `options`. */
export function minimalToml({ listener, backend, pool, rest }: MinimalOptions = {}): string {
  return [
    "[[listener]]",
    'name = "main"',
    'bind = "127.0.0.1:25565"',
    'pool = "lobby"',
    listener,
    "[[backend]]",
    'name = "hub"',
    'address = "127.0.0.1:25566"',
    backend,
    "[[pool]]",
    'name = "lobby"',
    'backends = ["hub"]',
    pool,
    rest,
  ].filter((line) => line !== undefined).join("\n");
}

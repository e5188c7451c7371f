/** A listener with a pool of its own, which holds one backend; all three have one name. */
export interface Branch {
  readonly name: string;
  readonly address: string;
}

/** The TOML of several listeners, each of which leads to another backend; `pool` are further lines of every pool. */
export function branches(all: readonly Branch[], pool: readonly string[] = []): string {
  return all.flatMap(({ name, address }) => [
    "[[listener]]",
    `name = "${name}"`,
    'bind = "127.0.0.1:0"',
    `pool = "${name}-pool"`,
    'auth = "off"',
    "[[pool]]",
    `name = "${name}-pool"`,
    `backends = ["${name}"]`,
    ...pool,
    "[[backend]]",
    `name = "${name}"`,
    `address = "${address}"`,
  ]).join("\n");
}

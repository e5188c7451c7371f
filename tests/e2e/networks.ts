/** A listener with a pool of its own, which holds one backend; all three have one name. */
export interface Branch {
  readonly name: string;
  readonly address: string;
}

/** The TOML of several listeners, each of which leads to another backend. */
export function branches(all: readonly Branch[]): string {
  return all.flatMap(({ name, address }) => [
    "[[listener]]",
    `name = "${name}"`,
    'bind = "127.0.0.1:0"',
    `pool = "${name}-pool"`,
    'auth = "off"',
    "[[pool]]",
    `name = "${name}-pool"`,
    `backends = ["${name}"]`,
    "[[backend]]",
    `name = "${name}"`,
    `address = "${address}"`,
  ]).join("\n");
}

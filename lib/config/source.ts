import { loadConfig, type LoadedConfig, type LoadOptions } from "./load.ts";

/** A configuration that can be read again, as its file may have changed since. */
export interface ConfigSource {
  /** The file, as messages name it. */
  readonly path: string;
  /**
   * Reads and checks it as it is now; flags and environment stay in force.
   *
   * @throws {ConfigError} with every problem found
   */
  load(): Promise<LoadedConfig>;
}

/** The source that is read with `options`. */
export function configSource(options: LoadOptions): ConfigSource {
  return { path: options.path, load: () => loadConfig(options) };
}

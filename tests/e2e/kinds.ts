/** The servers and clients that have to get along, by the software whose extensions they have. */
import type { ClassicServerOptions } from "../../lib/demo/options.ts";
import * as presets from "../../lib/demo/presets.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";

/** A kind of server. Names are short because players are called after their client and their server. */
export interface ServerKind {
  readonly name: string;
  readonly options: ClassicServerOptions;
}

/** A kind of client; without extensions it does not even speak CPE. */
export interface ClientKind {
  readonly name: string;
  readonly extensions?: ExtensionSet;
}

/** Every kind of server. */
export const SERVERS: readonly ServerKind[] = [
  { name: "none", options: presets.vanilla() },
  { name: "cborne", options: presets.classicborne() },
  { name: "cserver", options: presets.cserver() },
  { name: "mcchost", options: presets.mcchost() },
  { name: "mcgal", options: presets.mcgalaxy() },
  { name: "ccube", options: { extensions: presets.CLASSICUBE } },
];

/** Every kind of client. */
export const CLIENTS: readonly ClientKind[] = [
  { name: "none" },
  { name: "empty", extensions: ExtensionSet.EMPTY },
  { name: "cborne", extensions: presets.CLASSICBORNE },
  { name: "cserver", extensions: presets.CSERVER },
  { name: "mcchost", extensions: presets.MCCHOST },
  { name: "mcgal", extensions: presets.MCGALAXY },
  { name: "ccube", extensions: presets.CLASSICUBE },
];

import type { ClientKind } from "../login.ts";

/** Where a peer is started for one measurement. */
export interface Place {
  /** A directory of its own. */
  readonly directory: string;
  /** Port of 127.0.0.1 to listen on. */
  readonly port: number;
  /** Port of 127.0.0.1 to forward to. */
  readonly backendPort: number;
  /** Sessions at the same time that it must be able to carry. */
  readonly sessions: number;
}

/** How a peer is started. */
export interface Launch {
  /** Configuration files to write into its directory, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** Whether a peer can be started on this machine, and what to do about it when not. */
export type Availability =
  | { readonly kind: "available"; readonly version: string }
  | { readonly kind: "missing"; readonly advice: string };

/** Something that is measured. */
export interface Peer {
  readonly name: string;
  /** How players log in through it. */
  readonly client: ClientKind;
  availability(): Availability;
  launch(place: Place): Launch;
}

/** Sessions a peer must be able to carry beyond those of the load: looks whether its port is open, sessions not yet closed. */
export const SPARE_SESSIONS = 100;

/** What a program prints when asked for its version; `undefined` when it is not installed. */
export function versionText(program: string, flag: string): string | undefined {
  try {
    const { stdout, stderr } = new Deno.Command(program, { args: [flag] }).outputSync();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Starting the process that is to take over. */
import { ExitCode } from "../process/exit_code.ts";
import { trustedExecutable } from "./executable.ts";

/** Where the process finds the one that gives: the path of a socket. */
export const HANDOVER_VARIABLE = "KURAFUTO_HANDOVER";
/** Says which process systemd wants to hear from: this one, and no other. */
const WATCHDOG_PID = "WATCHDOG_PID";
/** What Linux appends to the path of an executable that was replaced since it was started. */
const REPLACED = / \(deleted\)$/;

/** An executable and its arguments. */
export interface Program {
  readonly path: string;
  readonly args: readonly string[];
}

/** A process that was started. */
export interface Successor {
  readonly pid: number;
  /** Resolves when it has ended, with words for that. */
  readonly ended: Promise<string>;
  /** Ends it, and the process that said hello where that is another one, as behind a script. */
  kill(pid: number | undefined): void;
}

/**
 * What runs now, with the arguments of now; with `to` another executable.
 *
 * @param user The number of this process's user.
 * @throws {Error} where that one is none to be trusted
 */
export function successorProgram(to: string | undefined, user: number | null): Program {
  if (to !== undefined) return { path: trustedExecutable(to, user), args: Deno.args };
  const path = Deno.execPath().replace(REPLACED, "");
  if (Deno.build.standalone) return { path, args: Deno.args };
  const main = decodeURIComponent(new URL(Deno.mainModule).pathname);
  return { path, args: ["run", "-q", "-P", "--no-prompt", main, ...Deno.args] };
}

/**
 * Starts `program`, which finds this process at `socket`. Its output is this process's.
 *
 * @throws {Error} where there is no such executable
 */
export function startSuccessor({ path, args }: Program, socket: string): Successor {
  const { [WATCHDOG_PID]: _, ...env } = Deno.env.toObject();
  const child = new Deno.Command(path, {
    args: [...args],
    clearEnv: true,
    env: { ...env, [HANDOVER_VARIABLE]: socket },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return {
    pid: child.pid,
    ended: child.status.then(endWords),
    kill: (pid) => {
      endProcess(child.pid);
      if (pid !== undefined && pid !== child.pid) endProcess(pid);
    },
  };
}

function endProcess(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function endWords({ code, signal }: Deno.CommandStatus): string {
  if (signal !== null) return `the new process was ended by ${signal}`;
  if (code === ExitCode.Config) return "the new process refuses its configuration, as its log says";
  return `the new process ended with code ${code}, as its log may say`;
}

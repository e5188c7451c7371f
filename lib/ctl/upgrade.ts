/** What became of an upgrade. */
import type { UpgradeAnswer } from "../admin/control.ts";
import { escapeUnsafe } from "../observe/log_format.ts";
import { ExitCode } from "../process/exit_code.ts";
import { listed } from "./listed.ts";

/** Why no other process has taken over, and the exit code that tells it; `undefined` where one has. */
export function upgradeTrouble(
  answer: UpgradeAnswer,
): { readonly trouble: string; readonly code: ExitCode } | undefined {
  if (answer.result !== "refused") return undefined;
  const { message, problems } = answer;
  return {
    trouble: listed(escapeUnsafe(message), problems ?? []),
    code: problems === undefined ? ExitCode.Failure : ExitCode.Config,
  };
}

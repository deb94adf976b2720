import { CertificateRefused } from '../errors/certificate-refused.ts';
import { messageOf } from '../errors/message-of.ts';
import { UsageError } from '../errors/usage-error.ts';
import type { CommandContext } from './command-context.ts';

/** Says on standard error what ended the program. @returns its exit code: 1 failed, 2 used wrongly. */
export function reportFailure(error: unknown, context: CommandContext): 1 | 2 {
  if (context.signal.aborted && isStop(error, context.signal)) {
    context.writeError(`spot-expander: stopped by ${String(context.signal.reason)}\n`);
    return 1;
  }
  context.writeError(`spot-expander: ${messageOf(error)}\n`);
  return error instanceof UsageError || error instanceof CertificateRefused ? 2 : 1;
}

/** True when work ended because it was told to, whoever wrapped that on the way up. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || isStop(error.cause, signal);
}

import type * as Retry from '@smithy/core/retry';
import { messageOf } from '../errors/message-of.ts';

/** What a failed call to AWS tells: `refused` means that the same call will fail again. */
export type FailureReason =
  'no-credentials' | 'denied' | 'throttled' | 'timed-out' | 'failed' | 'refused' | 'stopped';

/** What the SDK knows of its own errors: throttling, and what another try may mend, a corrected clock and broken connections included. */
export type SdkClassification = Pick<typeof Retry, 'isThrottlingError' | 'isTransientError'>;

/** Not sent again as it is: who asks has to change something first. The SDK does not tell these from other refusals. */
const denial =
  /^(UnauthorizedOperation|AccessDenied\w*|AuthFailure|OptInRequired|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|MissingAuthenticationToken|IncompleteSignature|ExpiredToken\w*|PendingVerification|Blocked)$/;
/** The SDK found nothing to sign with, anywhere it looks. */
const missing = /^(CredentialsProviderError|TokenProviderError)$/;
/** There was something to sign with, and AWS does not take it. */
const unknown =
  /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|MissingAuthenticationToken|IncompleteSignature|ExpiredToken\w*)$/;
/** Credentials were just renewed, or the clock was set: the next attempt is signed anew, also where the SDK has corrected nothing. */
const renewable = /^(RequestExpired|RequestTimeTooSkewed|RequestInTheFuture)$/;
/** To the SDK these are transient, as a broken connection is, which it may call a TimeoutError too. */
const timeouts = /^(TimeoutError|RequestTimeout\w*|ETIMEDOUT|ESOCKETTIMEDOUT)$/;

interface Seen {
  readonly name: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
}

export function reasonOf(error: unknown, sdk: SdkClassification): Exclude<FailureReason, 'stopped'> {
  const { name, code, status } = seen(error);
  const sdkError =
    error instanceof Error ? (error as Parameters<SdkClassification['isThrottlingError']>[0]) : undefined;
  if (sdkError !== undefined && sdk.isThrottlingError(sdkError)) return 'throttled';
  if (missing.test(name)) return 'no-credentials';
  if (timeouts.test(name) && (code === undefined || timeouts.test(code))) return 'timed-out';
  if (sdkError !== undefined && sdk.isTransientError(sdkError)) return 'failed';
  if (denial.test(name)) return 'denied';
  if (renewable.test(name)) return 'failed';
  if (status === 401 || status === 403) return 'denied';
  return status !== undefined && status >= 400 && status < 500 ? 'refused' : 'failed';
}

export function sentenceOf(
  action: string,
  reason: FailureReason,
  attempts: number,
  attemptTimeoutMs: number,
  error: unknown,
): string {
  const said = messageOf(error);
  const after = attempts === 1 ? '' : ` after ${attempts} tries`;
  switch (reason) {
    case 'no-credentials':
      // Without the action: whatever is asked, the sentence is one and is told once.
      return 'No AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is given (docs/iam.md).';
    case 'denied':
      return unknown.test(seen(error).name)
        ? `AWS does not take the credentials for ${action} (${seen(error).name}: ${said}): they are wrong or have ended; renew them.`
        : `AWS does not allow ${action} (${seen(error).name}: ${said}): the credentials are good, their IAM policy must allow it (docs/iam.md).`;
    case 'throttled':
      return `AWS throttled ${action}${after}.`;
    case 'timed-out':
      return `${action} gave no answer within ${attemptTimeoutMs} ms${after}.`;
    case 'stopped':
      return `${action} was stopped.`;
    case 'refused':
    case 'failed':
      return `${action} failed${after}: ${said === '' ? seen(error).name : said}`;
  }
}

function seen(error: unknown): Seen {
  if (typeof error !== 'object' || error === null)
    return { name: String(error), code: undefined, status: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const name = 'name' in error && typeof error.name === 'string' ? error.name : '';
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return {
    name: name === 'Error' || name === '' ? (code ?? 'Error') : name,
    code,
    status: typeof status === 'number' ? status : undefined,
  };
}

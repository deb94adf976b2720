import { expect } from 'chai';
import * as sdk from '@smithy/core/retry';
import { reasonOf, sentenceOf } from '../../../src/aws/failure-reason.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('why AWS was not heard', () => {
  const told = (error: Error): string =>
    sentenceOf('DescribeInstanceTypes', reasonOf(error, sdk), 1, 1_000, error);

  it('without credentials: one sentence, whatever was asked, with what to do', () => {
    const error = named('CredentialsProviderError', 'Could not load credentials from any providers');
    expect(reasonOf(error, sdk)).to.equal('no-credentials');
    expect(told(error)).to.include('No AWS credentials were found: set AWS_PROFILE');
    expect(told(error)).not.to.include('DescribeInstanceTypes');
  });

  it('with credentials that AWS does not take: that they are to be renewed', () => {
    for (const name of ['AuthFailure', 'ExpiredTokenException', 'InvalidClientTokenId']) {
      expect(reasonOf(named(name, 'no'), sdk)).to.equal('denied');
      expect(told(named(name, 'no')))
        .to.include('does not take the credentials')
        .and.include('renew them');
    }
  });

  it('with credentials that may not: which call, and that the policy must allow it', () => {
    const error = named('UnauthorizedOperation', 'You are not authorized');
    expect(reasonOf(error, sdk)).to.equal('denied');
    expect(told(error))
      .to.include('does not allow DescribeInstanceTypes')
      .and.include('IAM policy must allow it');
  });

  /** As the SDK's errors of a service are: a name, a code of the system, a status, and what the SDK adds. */
  const failed = (name: string, more: object): Error => Object.assign(named(name, ''), more);
  const answered = (name: string, httpStatusCode: number, more: object = {}): Error =>
    failed(name, { $metadata: { httpStatusCode, ...more } });

  for (const [reason, what, error] of [
    ['throttled', 'a code of EC2', answered('RequestLimitExceeded', 503)],
    ['throttled', 'a code of S3', answered('SlowDown', 503)],
    ['throttled', 'a status', answered('Unknown', 429)],
    ['throttled', 'what the service declares', failed('X', { $retryable: { throttling: true } })],
    ['timed-out', 'no answer', named('TimeoutError', '')],
    ['timed-out', 'no answer to S3', answered('RequestTimeout', 400)],
    ['timed-out', 'no connection', failed('Error', { code: 'ETIMEDOUT' })],
    ['failed', 'a reset that the SDK calls a time-out', failed('TimeoutError', { code: 'ECONNRESET' })],
    ['failed', 'no such host', failed('Error', { code: 'ENOTFOUND' })],
    ['failed', 'a fault of the service', answered('InternalError', 500)],
    ['failed', 'a fault of the service without a name', answered('', 503)],
    [
      'failed',
      'a clock that the SDK has set right',
      answered('AuthFailure', 401, { clockSkewCorrected: true }),
    ],
    ['failed', 'a request that came too late', answered('RequestExpired', 400)],
    ['denied', 'a signature that is wrong', answered('SignatureDoesNotMatch', 403)],
    ['denied', 'a status alone', answered('', 403)],
    ['refused', 'a parameter', answered('InvalidParameterValue', 400)],
    ['no-credentials', 'nothing to sign with', named('CredentialsProviderError', '')],
  ] as const)
    it(`is ${reason} for ${what}`, () => {
      expect(reasonOf(error, sdk)).to.equal(reason);
    });

  it('is a failure for what is no error at all', () => {
    for (const thrown of [undefined, null, 'text', 7]) expect(reasonOf(thrown, sdk)).to.equal('failed');
  });
});

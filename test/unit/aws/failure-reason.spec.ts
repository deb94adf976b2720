import { expect } from 'chai';
import { reasonOf, sentenceOf } from '../../../src/aws/failure-reason.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('why AWS was not heard', () => {
  const told = (error: Error): string =>
    sentenceOf('DescribeInstanceTypes', reasonOf(error), 1, 1_000, error);

  it('without credentials: one sentence, whatever was asked, with what to do', () => {
    const error = named('CredentialsProviderError', 'Could not load credentials from any providers');
    expect(reasonOf(error)).to.equal('no-credentials');
    expect(told(error)).to.include('No AWS credentials were found: set AWS_PROFILE');
    expect(told(error)).not.to.include('DescribeInstanceTypes');
  });

  it('with credentials that AWS does not take: that they are to be renewed', () => {
    for (const name of ['AuthFailure', 'ExpiredTokenException', 'InvalidClientTokenId']) {
      expect(reasonOf(named(name, 'no'))).to.equal('denied');
      expect(told(named(name, 'no')))
        .to.include('does not take the credentials')
        .and.include('renew them');
    }
  });

  it('with credentials that may not: which call, and that the policy must allow it', () => {
    const error = named('UnauthorizedOperation', 'You are not authorized');
    expect(reasonOf(error)).to.equal('denied');
    expect(told(error))
      .to.include('does not allow DescribeInstanceTypes')
      .and.include('IAM policy must allow it');
  });
});

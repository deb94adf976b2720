import { expect } from 'chai';
import { regionShare } from '../../../src/config/region-share.ts';
import { UsageError } from '../../../src/errors/usage-error.ts';

const regions = ['us-east-1', 'ap-south-1', 'eu-central-1', 'us-west-2', 'sa-east-1'];

describe('a share of the regions', () => {
  it('the shares of one count hold every region once, in the order given', () => {
    for (const count of [1, 2, 3, 5, 7]) {
      const shares = Array.from({ length: count }, (_, index) => regionShare(`${index}/${count}`, regions));
      expect(shares.flat().toSorted()).to.deep.equal(regions.toSorted());
    }
    expect(regionShare('1/3', regions)).to.deep.equal(['ap-south-1', 'sa-east-1']);
  });

  it('as many shares as regions have one region each', () => {
    expect(regions.map((_, index) => regionShare(`${index}/5`, regions))).to.deep.equal(
      regions.map((one) => [one]),
    );
  });

  for (const text of ['', '1', '3/3', '-1/2', '0/0', '1/2/3', '$(JOB_COMPLETION_INDEX)/2', '0.5/2'])
    it(`"${text}" is refused`, () => {
      expect(() => regionShare(text, regions)).to.throw(UsageError, 'takes i/n');
    });
});

import { expect } from 'chai';
import { nearestNames } from '../../../../src/errors/nearest-names.ts';

describe('nearest names', () => {
  const known = ['c5.large', 'c5a.large', 'c5.xlarge', 'm5.large', 'p4d.24xlarge'];

  it('are found for a slip of the finger, nearest first and by name among equals', () => {
    expect(nearestNames('c5.lrage', known)).to.deep.equal(['c5.large']);
    expect(nearestNames('c55.large', known)).to.deep.equal(['c5.large', 'c5a.large', 'c5.xlarge']);
  });

  it('are none for a name that is like no other', () => {
    expect(nearestNames('banana', known)).to.deep.equal([]);
  });
});

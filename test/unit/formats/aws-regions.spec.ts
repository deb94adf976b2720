import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { awsRegions, namedRegion } from '../../../src/formats/aws-regions.ts';

describe('the name of a region', () => {
  it('is known for every region that the AWS SDK knows', () => {
    const path = 'node_modules/@aws-sdk/core/dist-cjs/submodules/client/index.js';
    const known = [...readFileSync(path, 'utf8').matchAll(/"([a-z]+(?:-[a-z]+)+-\d)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(known).to.include('ap-south-1').and.to.have.length.greaterThan(30);
    expect(known.filter((name) => !awsRegions.includes(name))).to.deep.equal([]);
    expect(awsRegions).to.deep.equal(awsRegions.toSorted());
  });

  it('is refused with what it may have meant', () => {
    expect(namedRegion('ap-soth-1')).to.have.property('mistake').that.includes('did you mean ap-south-1');
    expect(namedRegion('nowhere')).to.have.property('mistake').that.includes('new:REGION');
  });

  it('newer than this program is taken when it is marked as new', () => {
    expect(namedRegion('new:xx-moon-1')).to.deep.equal({ region: 'xx-moon-1' });
    expect(namedRegion('xx-moon-1')).to.have.property('mistake');
  });
});

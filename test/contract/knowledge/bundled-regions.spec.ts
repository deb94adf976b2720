import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Pool } from '../../../src/decision/pool.ts';
import { openedKnowledge } from './opened-knowledge.ts';

function pool(zone: string, region: string): Pool {
  return { instanceType: 'c5.large', zone, region, capacityType: 'spot' };
}

describe('an installation outside ap-south-1 that has nothing of its own yet', () => {
  const stop = new AbortController();

  const opened = (region: string, settings: Readonly<Record<string, unknown>> = {}) =>
    openedKnowledge({ region, ...settings }, stop.signal);

  after(() => stop.abort());

  it('answers by the bands and on-demand prices of its own region, and by no Spot price of another', async () => {
    const { keeper } = await opened('us-west-2');
    const known = keeper.current();
    expect(known.prices(pool('us-west-2a', 'us-west-2'))).to.deep.equal({ onDemandPerHour: 0.085 });
    expect(known.prices(pool('usw2-lax1-az1', ''))).to.deep.equal({ onDemandPerHour: 0.085 });
    expect(known.advisorBand(pool('us-west-2a', 'us-west-2'))?.code).to.be.within(0, 4);
    expect(known.instanceType('c5.large')?.vcpu).to.equal(2);
    expect(known.prices(pool('ap-south-1a', 'ap-south-1'))).to.equal(undefined);
    expect(known.advisorBand(pool('ap-south-1a', 'ap-south-1'))).to.equal(undefined);
    expect(known.risk(pool('us-west-2a', 'us-west-2'))).to.equal(undefined);
    expect(known.remarks).to.deep.equal([
      'The facts of us-west-2 are Spot Advisor bands of 2025-07-28, on-demand prices of 2024-11-03.',
    ]);
  });

  it('says what its answers rest on, each fact with its day', async () => {
    const { keeper } = await opened('us-west-2');
    const { restsOn, degradations } = keeper.status();
    expect(restsOn).to.match(
      /^Answers for us-west-2 rest on no Spot price, \d+ Spot Advisor bands \(of 2025-07-28\), \d+ on-demand prices \(of 2024-11-03\), no word of a risk model\.$/,
    );
    expect(degradations).to.include('No Spot price is known.');
    expect(degradations.join(' ')).to.match(
      /its bands \(of 2025-07-28\) and on-demand prices \(of 2024-11-03\) are used/,
    );
  });

  it('says so where a region’s on-demand prices are not among them', async () => {
    const { keeper } = await opened('mx-central-1');
    expect(keeper.status().degradations.join(' ')).to.include('it names no on-demand price');
    expect(keeper.status().restsOn).to.include('no on-demand price');
  });

  it('refuses in a sentence a region of which nothing is known', async () => {
    const { keeper } = await opened('cn-north-1');
    expect(keeper.status().staticIntelligence).to.equal(undefined);
    expect(keeper.status().degradations.join(' ')).to.include(
      'this table of regions tells nothing of cn-north-1',
    );
    expect(keeper.status().restsOn).to.equal(
      'Answers for cn-north-1 rest on no Spot price, no Spot Advisor band, no on-demand price, no word of a risk model.',
    );
  });

  it('takes them while nothing is published where it is told to look, and says that they stand in', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'published-')), 'us-west-2.json');
    const knowledge = await opened('us-west-2', { static_data: path });
    expect(knowledge.keeper.current().prices(pool('us-west-2a', 'us-west-2'))).to.deep.equal({
      onDemandPerHour: 0.085,
    });
    expect(knowledge.standingIn()).to.deep.equal([
      `There is no ${path} yet; regions.csv.gz, which is bundled, stands in.`,
    ]);
  });

  it('is told when the file that it is given is of another region, and takes nothing of it', async () => {
    const { keeper } = await opened('us-west-2', { static_data: 'data/ap-south-1.json' });
    expect(keeper.current().prices(pool('us-west-2a', 'us-west-2'))).to.equal(undefined);
    const said = keeper.status().degradations.join(' ');
    expect(said).to.include('no band and no on-demand price of us-west-2 is known from it');
    expect(said).not.to.include('are used all the same and');
    expect(said).to.include('nothing of it is used for us-west-2');
  });
});

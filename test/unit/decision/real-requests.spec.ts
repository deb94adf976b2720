import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';
import { bundledKnowledge, modelRisk, now } from './known-market.ts';

const releases = ['1.34.1', '1.34.5', '1.35.2'];
const mock: Partial<Knowledge> = {
  risk: () => ({ crashProbability: 0.5, expectedFrequency: 0.02, source: 'family-stress' }),
};

function request(release: string) {
  return readBestOptions(new Uint8Array(readFileSync(`test/fixtures/real_request.ca-${release}.bin`)));
}

function decide(
  release: string,
  extra: Parameters<typeof bundledKnowledge>[0] = mock,
  policy = defaultPolicy,
) {
  return decideScaleUp(request(release), bundledKnowledge(extra), policy, now);
}

describe('a scale-up that a real autoscaler asked about', () => {
  for (const release of releases)
    it(`of ${release} is ranked by the bundled snapshot`, () => {
      const { answer, ranked, drops, degradation } = decide(release);
      // t3.medium sustains 0.4 of its 2 vCPUs: for pods that use half of what they ask for that is 0.8.
      expect(answer).to.deep.equal(['spot-m6g-large-a']);
      expect(ranked.map(({ id }) => id)).to.deep.equal([
        'spot-m6g-large-a',
        'spot-t3-medium-c',
        'spot-c5-large-b',
        'spot-c5-large-a',
        // Its three pods that would rather be in this zone make up for 0.2 points of yield.
        'spot-c5-xlarge-b',
        'spot-m5-large-c',
        'spot-r5-large-b',
        'od-m5-large-a',
      ]);
      expect(drops.map(({ id, reason }) => `${id} ${reason}`)).to.deep.equal([
        'spot-m5-2xlarge-a interrupt-rate',
      ]);
      expect(degradation.step).to.equal('model');
    });

  it('is ranked by the classic formula: burstable types for full, the dearest at 0', () => {
    const { ranked } = decide('1.35.2', mock, { ...defaultPolicy, formula: 'classic' });
    expect(ranked.map(({ id }) => id)).to.deep.equal([
      'spot-t3-medium-c',
      'spot-m6g-large-a',
      'spot-c5-large-b',
      'spot-c5-large-a',
      'spot-c5-xlarge-b',
      'spot-m5-large-c',
      'spot-r5-large-b',
      'od-m5-large-a',
    ]);
    expect(ranked.at(-1)?.yield).to.equal(0);
  });

  it('reads capacity type, architecture and size from the labels and the node', () => {
    const { ranked } = decide('1.35.2');
    const of = (id: string) => ranked.find((candidate) => candidate.id === id);
    expect(of('od-m5-large-a')).to.include({ capacityType: 'on-demand', crashProbability: 0 });
    expect(of('od-m5-large-a')?.yield).to.be.below(0);
    expect(of('spot-m6g-large-a')).to.include({ architecture: 'arm64', zone: 'ap-south-1a', nodeCount: 9 });
    expect(of('spot-c5-xlarge-b')).to.include({ nodeCount: 5, affinity: 1 });
    expect(of('spot-m5-large-c')).to.include({ affinity: 0 });
    expect(of('spot-c5-large-a')).to.not.have.property('affinity');
  });

  it('goes elsewhere when its best pool is hot, and to on-demand when every Spot pool is', () => {
    const hot = (isHot: (type: string) => boolean) => ({
      ...mock,
      signal: ({ instanceType }: { instanceType: string }) =>
        isHot(instanceType)
          ? ({ kind: 'TERMINATION', atMs: now - 1, expiresAtMs: now + 1, heat: 1 } as const)
          : undefined,
    });
    expect(
      decide(
        '1.35.2',
        hot((type) => type === 'm6g.large'),
      ).answer,
    ).to.deep.equal(['spot-t3-medium-c']);
    expect(
      decide(
        '1.35.2',
        hot(() => true),
      ).answer,
    ).to.deep.equal(['od-m5-large-a']);
  });

  it('is answered on-demand when the fleet meets interruptions that cost more than Spot saves', () => {
    const { answer, drops, forcedOnDemand } = decide('1.35.2', { ...mock, hazard: () => 0.05 });
    expect(answer).to.deep.equal(['od-m5-large-a']);
    expect(drops.map(({ reason }) => reason)).to.include('crash-probability');
    expect(forcedOnDemand).to.equal(undefined);
  });

  it('is never answered on-demand for a price forecast, which only raises the price that is expected', () => {
    const calm = decide('1.35.2', { risk: () => modelRisk(0.01) });
    const { answer, ranked } = decide('1.35.2', { risk: () => modelRisk(0.95) });
    expect(answer).to.deep.equal(calm.answer);
    expect(ranked[0]?.riskSource).to.equal('family-stress');
    expect(ranked[0]!.tco).to.be.above(calm.ranked[0]!.tco);
    const classic = decide(
      '1.35.2',
      { risk: () => modelRisk(0.95) },
      { ...defaultPolicy, formula: 'classic' },
    );
    expect(classic.answer).to.deep.equal(['od-m5-large-a']);
    expect(classic.drops.filter(({ reason }) => reason === 'crash-probability')).to.have.length(7);
    expect(classic.forcedOnDemand).to.deep.include({ id: 'od-m5-large-a', insteadOf: 'spot-t3-medium-c' });
  });

  it('is answered with the least bad when every group is rejected, with all ids by the classic formula, with none where that is the policy', () => {
    const whole = request('1.34.1');
    const options = whole.options.filter(({ nodeGroupId }) => nodeGroupId.startsWith('spot'));
    const spotOnly = { ...whole, options };
    const rejecting = bundledKnowledge({ hazard: () => 0.05 });
    const least = decideScaleUp(spotOnly, rejecting, defaultPolicy, now);
    expect(least.answer).to.have.length(1);
    expect(least.reason).to.contain('re-admitted: nothing safer is on offer');
    expect(least.degradation.step).to.not.equal('all-ids');
    const blocking = { ...defaultPolicy, onAllRejected: 'block' } as const;
    expect(decideScaleUp(spotOnly, rejecting, blocking, now).answer).to.deep.equal([]);
    const classic = { ...defaultPolicy, formula: 'classic' } as const;
    const stormy = bundledKnowledge({ risk: () => modelRisk(0.95) });
    const all = decideScaleUp(spotOnly, stormy, classic, now);
    expect([...all.answer].sort()).to.deep.equal(options.map(({ nodeGroupId }) => nodeGroupId).sort());
    expect(all.degradation.step).to.equal('all-ids');
  });
});

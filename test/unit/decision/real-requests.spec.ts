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

function decide(release: string, extra: Parameters<typeof bundledKnowledge>[0] = mock) {
  return decideScaleUp(request(release), bundledKnowledge(extra), defaultPolicy, now);
}

describe('a scale-up that a real autoscaler asked about', () => {
  for (const release of releases)
    it(`of ${release} is ranked by the bundled snapshot`, () => {
      const { answer, ranked, drops, degradation } = decide(release);
      expect(answer).to.deep.equal(['spot-t3-medium-c']);
      expect(ranked.map(({ id }) => id)).to.deep.equal([
        'spot-t3-medium-c',
        'spot-m6g-large-a',
        'spot-c5-large-b',
        'spot-c5-large-a',
        'spot-m5-large-c',
        'spot-c5-xlarge-b',
        'spot-r5-large-b',
        'od-m5-large-a',
      ]);
      expect(drops.map(({ id, reason }) => `${id} ${reason}`)).to.deep.equal([
        'spot-m5-2xlarge-a interrupt-rate',
      ]);
      expect(degradation.step).to.equal('model');
    });

  it('reads capacity type, architecture and size from the labels and the node', () => {
    const { ranked } = decide('1.35.2');
    const of = (id: string) => ranked.find((candidate) => candidate.id === id);
    expect(of('od-m5-large-a')).to.include({ capacityType: 'on-demand', crashProbability: 0, yield: 0 });
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
        hot((type) => type === 't3.medium'),
      ).answer,
    ).to.deep.equal(['spot-m6g-large-a']);
    expect(
      decide(
        '1.35.2',
        hot(() => true),
      ).answer,
    ).to.deep.equal(['od-m5-large-a']);
  });

  it('is answered on-demand when the gate closes on every Spot pool', () => {
    const { answer, drops } = decide('1.35.2', { risk: () => modelRisk(0.95) });
    expect(answer).to.deep.equal(['od-m5-large-a']);
    expect(drops.filter(({ reason }) => reason === 'crash-probability')).to.have.length(7);
  });

  it('is answered with all ids, or none where that is the policy, when every group is rejected', () => {
    const spotOnly = request('1.34.1');
    const rejecting = bundledKnowledge({ risk: () => modelRisk(0.95) });
    const options = spotOnly.options.filter(({ nodeGroupId }) => nodeGroupId.startsWith('spot'));
    const all = decideScaleUp({ ...spotOnly, options }, rejecting, defaultPolicy, now);
    expect([...all.answer].sort()).to.deep.equal(options.map(({ nodeGroupId }) => nodeGroupId).sort());
    expect(all.degradation.step).to.equal('all-ids');
    const blocking = { ...defaultPolicy, onAllRejected: 'block' } as const;
    expect(decideScaleUp({ ...spotOnly, options }, rejecting, blocking, now).answer).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import type { ScaleUpDecision } from '../../../../src/decision/decision.ts';
import type { ScaleUpRequest } from '../../../../src/decision/scale-up-request.ts';
import { BalancedGroups } from '../../../../src/server/expander/balanced-groups.ts';
import { scaleUp } from '../../decision/known-market.ts';

const minutes = 60_000;

function asked(): ScaleUpRequest {
  const shown = Object.fromEntries(
    [
      ['web-a', 'm5.large', 'ap-south-1a'],
      ['web-b', 'm5.large', 'ap-south-1b'],
      ['web-c', 'm5.large', 'ap-south-1c'],
      ['big-b', 'm5.4xlarge', 'ap-south-1b'],
    ].map(([id = '', type = '', zone = '']) => [
      id,
      { type, zone, capacityType: 'SPOT' as const, nodeCount: 3, pods: [] },
    ]),
  );
  const request = scaleUp(shown, []);
  const nodes = [...request.nodes].map(
    ([id, node]) => [id, { ...node, labels: { ...node.labels, 'eks.amazonaws.com/nodegroup': id } }] as const,
  );
  return { ...request, nodes: new Map(nodes) };
}

const answer = (...ids: readonly string[]) => ({ answer: ids }) as unknown as ScaleUpDecision;

describe('an autoscaler that balances groups alike', () => {
  it('is known by nodes of groups that were passed over, the second of them in earnest', () => {
    const seen = new BalancedGroups();
    seen.answered(asked(), answer('web-a'), 0);
    expect(seen.appeared('web-a', minutes)).to.equal(undefined);
    expect(seen.appeared('web-b', minutes)).to.equal('passed-over');
    expect(seen.appeared('web-c', 2 * minutes)).to.equal('balanced');
  });

  it('is not suspected for other types, groups that nobody was asked about, or long after', () => {
    const seen = new BalancedGroups();
    seen.answered(asked(), answer('web-a'), 0);
    for (const [group, at] of [
      ['big-b', 1],
      ['unknown', 1],
      ['web-b', 16],
    ] as const)
      expect(seen.appeared(group, at * minutes)).to.equal(undefined);
  });

  it('is not suspected where the group was answered a moment ago, or several were', () => {
    const seen = new BalancedGroups();
    seen.answered(asked(), answer('web-b'), 0);
    seen.answered(asked(), answer('web-a'), minutes);
    expect(seen.appeared('web-b', 2 * minutes)).to.equal(undefined);
    const several = new BalancedGroups();
    several.answered(asked(), answer('web-a', 'web-b'), 0);
    expect(several.appeared('web-c', minutes)).to.equal(undefined);
  });
});

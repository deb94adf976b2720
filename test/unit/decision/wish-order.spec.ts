import { expect } from 'chai';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import { wishOrder } from '../../../src/decision/group-wishes.ts';
import type { GroupWishes } from '../../../src/decision/knowledge.ts';
import { oneCandidate } from './one-candidate.ts';

/** A group `a` that would get `nodeCount` nodes, in a fleet where `own` of `all` nodes are its own. */
function order(
  wishes: GroupWishes | undefined,
  fleet?: { readonly own: number; readonly all: number },
  nodeCount = 1,
): number {
  const candidate = oneCandidate({ nodeCount, ...(wishes !== undefined && { wishes }) });
  const kind = { instanceType: 'm5.large', zone: 'ap-south-1a', capacityType: 'spot', vcpus: 2 } as const;
  return wishOrder(
    candidate,
    fleet &&
      fleetView('nodes', [
        { ...kind, nodeGroupId: 'a', nodes: fleet.own },
        { ...kind, nodeGroupId: 'b', nodes: fleet.all - fleet.own },
      ]),
  );
}

const unranked = order(undefined);

describe("the operator's wishes for a group", () => {
  it('put lower ranks first, and groups without a rank behind all that have one', () => {
    expect(order({ rank: 1 })).to.equal(1);
    expect(order({ rank: 2 })).to.equal(2);
    expect(unranked).to.be.greaterThan(order({ rank: 1000 }));
    expect(order({})).to.equal(unranked);
  });

  it('put it before its rank while it is below its least share, and no longer at it', () => {
    expect(order({ rank: 2, minShare: 0.2 }, { own: 1, all: 10 })).to.be.within(1.01, 1.99);
    expect(order({ rank: 2, minShare: 0.2 }, { own: 2, all: 10 })).to.equal(2);
    expect(order({ minShare: 0.2 }, { own: 1, all: 10 })).to.be.lessThan(unranked);
  });

  it('put it behind everything where its new nodes would pass its largest share', () => {
    // 4 + 1 of 9 + 1 is half.
    expect(order({ rank: 1, maxShare: 0.5 }, { own: 4, all: 9 })).to.equal(1);
    expect(order({ rank: 1, maxShare: 0.49 }, { own: 4, all: 9 })).to.be.greaterThan(unranked);
    // 4 + 3 of 9 + 3 is more than half.
    expect(order({ rank: 1, maxShare: 0.5 }, { own: 4, all: 9 }, 3)).to.be.greaterThan(unranked);
  });

  it('say nothing of shares in an empty fleet, nor where no fleet is in view', () => {
    expect(order({ rank: 1, maxShare: 0.1 }, { own: 0, all: 0 })).to.equal(1);
    expect(order({ rank: 1, minShare: 0.5, maxShare: 0.1 })).to.equal(1);
  });

  it('a largest share of 1 is none, even for the whole fleet', () => {
    expect(order({ rank: 1, maxShare: 1 }, { own: 10, all: 10 })).to.equal(1);
    expect(order({ rank: 1 }, { own: 10, all: 10 })).to.equal(1);
  });
});

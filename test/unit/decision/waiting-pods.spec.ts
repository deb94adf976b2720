import { expect } from 'chai';
import { namesOf, stillWaiting, waitingPods } from '../../../src/decision/waiting-pods.ts';
import { gib, pod } from './known-market.ts';

const shape = (cpuMilli: number, memoryGib: number, gpus = 0) => `${cpuMilli}/${memoryGib * gib}/${gpus}`;

describe('pods that wait', () => {
  it('are told by uid where every one has one', () => {
    const pods = [pod(100, 1, { uid: 'x' }), pod(100, 1, { uid: 'y' }), pod(100, 1)];
    expect(waitingPods(pods, [0, 1])).to.deep.equal({
      ...{
        toldBy: 'uid',
        count: 2,
        byName: new Map([
          ['x', 1],
          ['y', 1],
        ]),
      },
    });
  });

  it('are told by what they ask for where one has none, or an empty one', () => {
    for (const uid of [undefined, ''])
      expect(
        waitingPods(
          [pod(100, 1, { uid: 'x' }), pod(200, 2, { gpus: 1, ...(uid !== undefined && { uid }) })],
          [0, 1, 0],
        ),
      ).to.deep.equal({
        toldBy: 'shape',
        count: 3,
        byName: new Map([
          [shape(100, 1), 2],
          [shape(200, 2, 1), 1],
        ]),
      });
  });

  it('are those of the list that are there', () => {
    expect(waitingPods([pod(100, 1, { uid: 'x' })], [0, 7]).count).to.equal(1);
  });

  it('are remembered by five thousand names at most; what bears a known one still counts', () => {
    const pods = Array.from({ length: 5_001 }, (_, index) => pod(100, 1, { uid: `${index}` }));
    const waiting = waitingPods(pods, [...pods.keys(), 0]);
    expect(waiting.byName.size).to.equal(5_000);
    expect(waiting.count).to.equal(5_001);
    expect(waiting.byName.get('0')).to.equal(2);
    expect(waiting.byName.has('5000')).to.equal(false);
  });

  it('can be found by uid and by shape', () => {
    expect(namesOf([pod(100, 1, { uid: 'x' }), pod(100, 1), pod(100, 1, { uid: '' })])).to.deep.equal(
      new Map([
        ['x', 1],
        [shape(100, 1), 3],
      ]),
    );
  });

  it('wait still as far as as many of a name are there again', () => {
    const waiting = waitingPods([pod(100, 1), pod(200, 1)], [0, 0, 0, 1]);
    expect(stillWaiting(waiting, new Map([[shape(100, 1), 2]]))).to.equal(2);
    expect(stillWaiting(waiting, new Map([[shape(100, 1), 9]]))).to.equal(3);
    expect(
      stillWaiting(
        waiting,
        new Map([
          [shape(100, 1), 9],
          [shape(200, 1), 1],
        ]),
      ),
    ).to.equal(4);
    expect(stillWaiting(waiting, new Map())).to.equal(0);
  });
});

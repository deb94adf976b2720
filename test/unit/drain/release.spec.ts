import { expect } from 'chai';
import {
  handledAnnotation,
  loadBalancerLabel,
  outOfServiceTaintKey,
  ownedAnnotation,
  signalAnnotation,
  signalTaintKey,
} from '../../../src/drain/marks.ts';
import { outOfServiceChange, releasingChange, revertingChange } from '../../../src/drain/node-changes.ts';
import { aNode, changedNode, markedBy, rebalanceAt, start, terminateAt } from './simulated-node.ts';

function marked(node = aNode(), notice = terminateAt(start + 120_000)) {
  return markedBy(notice, node);
}

function released(node: ReturnType<typeof aNode>) {
  const change = releasingChange(node);
  expect(change).to.not.equal(undefined);
  return changedNode(node, change!);
}

describe('releasing a node', () => {
  it('gives back a node exactly as it was before it was marked', () => {
    const before = aNode({ taints: [{ key: 'dedicated', value: 'x', effect: 'NoExecute' }] });
    const after = released(marked(before));
    expect(after).to.deep.equal({ ...before, resourceVersion: after.resourceVersion });
  });

  it('takes the out-of-service taint back where it is ours', () => {
    const node = marked();
    const out = changedNode(node, outOfServiceChange(node)!);
    expect(out.taints.map(({ key }) => key)).to.include(outOfServiceTaintKey);
    expect(released(out).taints).to.deep.equal([]);
  });

  it('leaves a cordon, a label and a taint that somebody else had set before', () => {
    const before = aNode({
      unschedulable: true,
      labels: { [loadBalancerLabel]: 'true' },
      taints: [{ key: outOfServiceTaintKey, value: 'nodeshutdown', effect: 'NoExecute' }],
    });
    const after = released(marked(before));
    expect(after.unschedulable).to.equal(true);
    expect(after.labels).to.deep.equal({ [loadBalancerLabel]: 'true' });
    expect(after.taints).to.deep.equal(before.taints);
  });

  it('leaves a node uncordoned whose cordon a person has lifted', () => {
    expect(releasingChange({ ...marked(), unschedulable: false })?.unschedulable).to.equal(undefined);
  });

  it('forgets the notices that a revert remembers', () => {
    const node = marked(aNode(), rebalanceAt());
    const reverted = changedNode(node, revertingChange(node, [])!);
    expect(reverted.annotations).to.have.property(handledAnnotation);
    expect(released(reverted).annotations).to.deep.equal({});
  });

  it('takes back what is owned also when the mark itself is gone or cannot be read', () => {
    const { [signalAnnotation]: mark, ...rest } = marked().annotations;
    expect(mark).to.be.a('string');
    expect(released({ ...marked(), annotations: rest }).unschedulable).to.equal(false);
    const garbled = { ...marked().annotations, [signalAnnotation]: '{' };
    expect(released({ ...marked(), annotations: garbled }).annotations).to.deep.equal({});
  });

  it('asks for nothing on a node without a trace of ours, whatever else it carries', () => {
    const node = aNode({
      unschedulable: true,
      annotations: { 'example.com/owned': '["cordon"]' },
      taints: [{ key: signalTaintKey, value: 'termination', effect: 'NoSchedule' }],
    });
    expect(releasingChange(node)).to.equal(undefined);
  });

  it('asks for nothing a second time', () => {
    expect(releasingChange(released(marked()))).to.equal(undefined);
  });

  it('believes a list of owned things only as far as it can be read', () => {
    for (const text of ['{', '"cordon"', '[1]', '["everything"]']) {
      const node = aNode({ unschedulable: true, annotations: { [ownedAnnotation]: text } });
      const after = released(node);
      expect(after.unschedulable, text).to.equal(true);
      expect(after.annotations).to.deep.equal({});
    }
  });
});

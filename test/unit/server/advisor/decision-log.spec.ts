import { expect } from 'chai';
import fc from 'fast-check';
import { decisionIds } from '../../../../src/api/decision-ids.ts';
import { heldBytes } from '../../../../src/server/advisor/held-bytes.ts';
import { decisionLog } from '../../../../src/server/advisor/decision-log.ts';
import type { CandidateMessage, DecisionMessage } from '../../../../src/api/messages.ts';

function candidate(id: string): CandidateMessage {
  return {
    id,
    instance_type: 'c5.large',
    availability_zone: 'ap-south-1a',
    capacity_type: 'SPOT',
    node_count: 1,
    spot_price: 0.03,
    on_demand_price: 0.085,
    crash_probability: 0.1,
    expected_frequency: 0.01,
    risk_source: 'mock',
    historic_interrupt_rate: null,
    discount_depth: null,
    waste_cost: null,
    tco: null,
    yield_score: null,
    affinity: null,
    heat: 0,
    vcpu: 2,
    memory_gb: 4,
    architecture: 'x86_64',
    is_valid: true,
    filtered_reason: null,
    filtered_by: null,
    filtered_code: null,
    region: 'ap-south-1',
    price_per_hour: null,
    price_source: null,
    spread: null,
    score: null,
    explanation: null,
    resting_because: null,
    admitted_for: null,
    rank: 1,
  };
}

function decision(id: string, candidateCount = 1): DecisionMessage {
  return {
    decision_id: id,
    time: '2026-01-31T08:22:00.000Z',
    kind: 'scale-up',
    request: {
      options: candidateCount,
      pods: 0,
      node_templates: 0,
      unreadable_pods: 0,
      unreadable_nodes: 0,
      bytes: 0,
      question: '',
    },
    answer: [],
    reason: '',
    degradation: { step: 'model', reasons: [] },
    candidates: Array.from({ length: candidateCount }, (_, index) => candidate(`${id}-${index}`)),
    candidate_count: candidateCount,
    drops: [],
    timings: [],
    remarks: [],
  };
}

const mebibyte = 1024 * 1024;
const bounds = {
  maxDecisions: 3,
  maxCandidates: 10,
  maxCandidatesPerDecision: 6,
  maxBytes: 4 * mebibyte,
  maxBytesPerDecision: mebibyte,
};

describe('the decision log', () => {
  const held = (log: ReturnType<typeof decisionLog>) => log.last(100).map((one) => one.decision_id);

  it('gives the last decisions, newest first, and any one by its id', () => {
    const log = decisionLog(() => 'x', bounds);
    for (const id of ['a', 'b', 'c', 'd']) log.add(decision(id));
    expect(held(log)).to.deep.equal(['d', 'c', 'b']);
    expect(log.last(1).map((one) => one.decision_id)).to.deep.equal(['d']);
    expect(log.last(0)).to.deep.equal([]);
    expect(log.byId('b')?.decision_id).to.equal('b');
    expect(log.byId('a')).to.equal(undefined);
  });

  it('forgets the oldest when there are too many candidates in all', () => {
    const log = decisionLog(() => 'x', bounds);
    log.add(decision('a', 5));
    log.add(decision('b', 5));
    expect(held(log)).to.deep.equal(['b', 'a']);
    log.add(decision('c', 1));
    expect(held(log)).to.deep.equal(['c', 'b']);
  });

  it('cuts one huge decision and still tells how many candidates there were', () => {
    const log = decisionLog(() => 'x', { ...bounds, maxCandidates: 2 });
    log.add(decision('a', 1_000));
    expect(log.byId('a')?.candidates).to.have.length(6);
    expect(log.byId('a')?.candidate_count).to.equal(1_000);
  });
});

describe('the decision log, asked to keep what is too large', () => {
  it('keeps 500 decisions with group ids of 8 MB in its own bounds, and tells their lengths', () => {
    const log = decisionLog(() => 'x');
    const id = 'x'.repeat(8 * mebibyte);
    const reason = Buffer.from(`${id} ranks first`).toString();
    for (let index = 0; index < 500; index += 1)
      log.add({ ...decision(`d-${index}`, 2), answer: [id], reason });
    const kept = log.last(500);
    expect(kept).to.have.length(500);
    expect(heldBytes(kept)).to.be.below(48 * mebibyte);
    expect(kept[0]?.answer[0]).to.match(/^x{4096}… \(8388608 characters\)$/);
  });

  it('forgets the oldest when all of them are too many bytes', () => {
    const log = decisionLog(() => 'x', { ...bounds, maxDecisions: 100 });
    const remarks = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(1_000).slice(0, 4_000));
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) log.add({ ...decision(id), remarks });
    const ids = log.last(100).map((one) => one.decision_id);
    expect(ids[0]).to.equal('h');
    expect(ids.length).to.be.below(8).and.above(1);
    expect(heldBytes(log.last(100))).to.be.below(bounds.maxBytes + mebibyte);
  });

  it('keeps the best candidates of one that is too large alone, and its bare answer where even they are too many', () => {
    const log = decisionLog(() => 'x', {
      ...bounds,
      maxCandidatesPerDecision: 10_000,
      maxCandidates: 10_000,
    });
    log.add(decision('many', 9_000));
    expect(log.byId('many')?.candidates.length).to.be.above(100).and.below(9_000);
    expect(log.byId('many')?.candidates[0]?.id).to.equal('many-0');
    log.add({ ...decision('names', 1), answer: Array.from({ length: 5_000 }, () => 'y'.repeat(4_000)) });
    expect(log.byId('names')?.answer).to.have.length(100);
    expect(heldBytes(log.byId('names'))).to.be.below(mebibyte);
  });
});

describe('decision ids', () => {
  it('ascend as text and never repeat, also when the clock stands still or goes back', () => {
    const clock = fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 }), { minLength: 2 });
    fc.assert(
      fc.property(clock, fc.double({ min: 0, max: 0.999, noNaN: true }), (times, chance) => {
        let at = 0;
        const nextId = decisionIds(
          () => times[at++] ?? 0,
          () => chance,
        );
        const ids = times.map(() => nextId());
        expect(ids).to.deep.equal([...new Set(ids)].sort());
      }),
    );
  });

  it('are short and keep ascending when a millisecond is full', () => {
    const nextId = decisionIds(
      () => 1_700_000_000_000,
      () => 0.999_999,
    );
    const ids = Array.from({ length: 20_000 }, nextId);
    expect(ids[0]).to.match(/^[0-9a-z]{9}-[0-9a-z]{4}$/);
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))).to.equal(true);
  });

  it('forgets of a flood of evaluates its own, and keeps half of the history for scale-ups', () => {
    const log = decisionLog(() => 'x');
    for (let index = 0; index < 400; index += 1) log.add(decision(`scale-up-${index}`), '10.0.3.7');
    for (let index = 0; index < 5_000; index += 1)
      log.add({ ...decision(`evaluate-${index}`), kind: 'evaluate' }, `10.9.${index >> 8}.${index & 255}`);
    expect(log.size()).to.equal(500);
    expect(log.byId('scale-up-399')).not.to.equal(undefined);
    expect(log.last(500).filter(({ kind }) => kind === 'scale-up')).to.have.length(250);
    expect(log.last(1)[0]?.decision_id).to.equal('evaluate-4999');
  });

  it('forgets of a flood of one caller its own before those of the autoscaler', () => {
    const log = decisionLog(() => 'x');
    for (let index = 0; index < 100; index += 1) log.add(decision(`real-${index}`), 'autoscaler');
    for (let index = 0; index < 5_000; index += 1) log.add(decision(`flood-${index}`), '10.9.9.9');
    expect(log.byId('real-0')).not.to.equal(undefined);
    expect(log.last(500).filter(({ decision_id: id }) => id.startsWith('real-'))).to.have.length(100);
  });
});

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Knowledge } from '../../../../src/decision/knowledge.ts';
import { defaultPolicy } from '../../../../src/decision/policy.ts';
import {
  answeredBestOptions,
  type BestOptionsDependencies,
} from '../../../../src/server/expander/answered-best-options.ts';
import type { AnsweredScaleUp } from '../../../../src/server/expander/expander-events.ts';
import { bestOptionsResponse } from '../../../../src/wire/best-options-answer.ts';
import { readBestOptions } from '../../../../src/wire/best-options-reader.ts';
import { sameBytesByWords } from '../../../../src/wire/same-bytes.ts';
import { MalformedRequest } from '../../../../src/errors/malformed-request.ts';

const recorded = readFileSync('test/fixtures/real_request.ca-1.35.2.bin');
const ids = readBestOptions(recorded).options.map(({ nodeGroupId }) => nodeGroupId);

const nothingKnown: Knowledge = {
  instanceType: () => undefined,
  advisorBand: () => undefined,
  prices: () => undefined,
  risk: () => undefined,
  signal: () => undefined,
  groupFacts: () => undefined,
  cooldown: () => undefined,
  pricesAreStale: false,
};

interface Told {
  readonly answered: AnsweredScaleUp[];
  readonly malformed: string[];
  readonly faults: unknown[];
}

function expander(
  changes: Partial<BestOptionsDependencies> = {},
): BestOptionsDependencies & { readonly told: Told } {
  const told: Told = { answered: [], malformed: [], faults: [] };
  let count = 0;
  return {
    knowledge: () => ({ ...nothingKnown, prices: () => ({ onDemandPerHour: 0.1 }) }),
    policy: defaultPolicy,
    clock: { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
    budgetMs: 2_000,
    nextId: () => `decision-${(count += 1)}`,
    sameBytes: sameBytesByWords(recorded),
    traceLookups: false,
    later: (work) => work(),
    capacity: { tell: () => undefined },
    events: {
      answered: (event) => told.answered.push(event),
      malformed: (sentence) => told.malformed.push(sentence),
      listenerFailed: (error) => told.faults.push(error),
    },
    told,
    ...changes,
  };
}

function idsIn(answer: Uint8Array): string[] {
  return readBestOptions(answer).options.map(({ nodeGroupId }) => nodeGroupId);
}

describe('a BestOptions call', () => {
  it('is answered with ids of the request and told of with its reasons', () => {
    const one = expander();
    const answer = idsIn(answeredBestOptions(recorded, one));
    expect(ids).to.include.members(answer);
    expect(answer).to.have.lengthOf(1);
    expect(one.told.answered).to.have.lengthOf(1);
    expect(one.told.answered[0]?.message.answer).to.deep.equal(answer);
    expect(one.told.answered[0]?.message.timings.map(({ part }) => part)).to.include.members([
      'read',
      'input',
      'optimizer',
      'total',
    ]);
  });

  it('is answered with all ids when every look-up throws', () => {
    const broken = () => {
      throw new Error('look-up is broken');
    };
    const knowledge = {
      ...nothingKnown,
      instanceType: broken,
      advisorBand: broken,
      prices: broken,
      risk: broken,
      signal: broken,
      groupFacts: broken,
      cooldown: broken,
    };
    const answer = idsIn(answeredBestOptions(recorded, expander({ knowledge: () => knowledge })));
    expect(answer.length).to.be.greaterThan(0);
    expect(ids).to.include.members(answer);
  });

  it('is answered with all ids once the budget is spent, and says so', () => {
    let now = 0;
    const one = expander({ clock: { nowMs: () => 0, monotonicMs: () => (now += 1_500) } });
    expect(idsIn(answeredBestOptions(recorded, one)).sort()).to.deep.equal([...ids].sort());
    expect(one.told.answered[0]?.overBudget).to.equal(true);
    expect(one.told.answered[0]?.decision.degradation.step).to.equal('all-ids');
    expect(one.told.answered[0]?.decision.degradation.reasons.join()).to.match(
      /answer budget of 2000 ms is spent/,
    );
  });

  it('of a caller that is not named is answered, and tells capacity memory nothing', () => {
    const heard: string[] = [];
    const one = expander({ capacity: { tell: ({ kind }) => void heard.push(kind) } });
    const stranger = { name: '10.9.9.9', isBelieved: false };
    expect(idsIn(answeredBestOptions(recorded, one, stranger))).to.have.lengthOf(1);
    expect(heard).to.deep.equal([]);
    expect(one.told.answered[0]?.caller).to.deep.equal(stranger);
    answeredBestOptions(recorded, one);
    expect(heard).to.deep.equal(['asked', 'answered']);
  });

  it('is answered although a listener fails', () => {
    const one = expander();
    const failing = {
      ...one.events,
      answered: () => {
        throw new Error('log is full');
      },
    };
    expect(idsIn(answeredBestOptions(recorded, { ...one, events: failing }))).to.have.lengthOf(1);
    expect(one.told.faults).to.have.lengthOf(1);
  });

  it('is answered before anything is told of it', () => {
    const waiting: (() => void)[] = [];
    const one = expander({ later: (work) => void waiting.push(work) });
    answeredBestOptions(recorded, one);
    expect(one.told.answered).to.have.lengthOf(0);
    for (const work of waiting) work();
    expect(one.told.answered).to.have.lengthOf(1);
  });

  it('tells the capacity memory before and after the decision', () => {
    const kinds: string[] = [];
    answeredBestOptions(recorded, expander({ capacity: { tell: ({ kind }) => void kinds.push(kind) } }));
    expect(kinds).to.deep.equal(['asked', 'answered']);
  });

  it('is refused when it is no message, and told of', () => {
    const one = expander();
    expect(() => answeredBestOptions(Uint8Array.of(0x0a, 0xff, 0xff), one)).to.throw(MalformedRequest);
    expect(one.told.malformed).to.have.lengthOf(1);
  });

  it('keeps the look-ups for a recording only where one is wanted', () => {
    const one = expander({ traceLookups: true });
    answeredBestOptions(recorded, one);
    expect(Object.keys(one.told.answered[0]?.facts?.().prices ?? {})).not.to.have.lengthOf(0);
    const other = expander();
    answeredBestOptions(recorded, other);
    expect(other.told.answered[0]?.facts).to.equal(undefined);
  });

  it('gets a legal answer or MalformedRequest for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const one = expander({ sameBytes: sameBytesByWords(bytes) });
        try {
          const asked = new Set(readBestOptions(bytes).options.map(({ nodeGroupId }) => nodeGroupId));
          expect([...asked]).to.include.members(idsIn(answeredBestOptions(bytes, one)));
        } catch (error) {
          expect(error).to.be.instanceOf(MalformedRequest);
        }
      }),
    );
  });

  it('never repeats an id', () => {
    expect(idsIn(bestOptionsResponse(['a', 'b', 'a']))).to.deep.equal(['a', 'b']);
  });
});

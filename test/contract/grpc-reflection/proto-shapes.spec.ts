import { expect } from 'chai';
import { loadedProto, serviceIn } from '../../../src/adapters/grpc/services.ts';
import {
  evaluateResponseFrom,
  explainResponseFrom,
  listPoolsResponseFrom,
  rankResponseFrom,
} from '../../../src/api/answers.ts';
import type { PoolSignal } from '../../../src/decision/knowledge.ts';
import { smallAdvisor, smallMarket, smallMarketNowMs } from '../../unit/server/advisor/small-market.ts';

const definition = loadedProto('spot_advisor.proto');
const service = serviceIn(definition, 'spotadvisor.v1.SpotAdvisor');

/** Field names of a message, as the proto file has them. */
function fieldsOf(message: string): readonly string[] {
  const found = definition[`spotadvisor.v1.${message}`];
  if (found === undefined || !('format' in found)) throw new Error(`the proto has no message ${message}`);
  const { field } = found.type as { readonly field: readonly { readonly name: string }[] };
  return field.map(({ name }) => name);
}

function overTheWire(method: string, answer: object): unknown {
  const found = service[method];
  if (found === undefined) throw new Error(`the proto has no method ${method}`);
  return found.responseDeserialize(found.responseSerialize(answer));
}

const hot: PoolSignal = {
  kind: 'TERMINATION',
  atMs: smallMarketNowMs - 1_000,
  expiresAtMs: smallMarketNowMs + 1_000,
  heat: 0.5,
};

describe('the messages of the API and their proto', () => {
  const market = smallMarket(new Map([['c5.large@ap-south-1b', hot]]));
  const { advisor } = smallAdvisor({
    ...market,
    // Nothing but the first zone is safe, so that an instance has somewhere to go.
    risk: (pool) =>
      pool.zone === 'ap-south-1b'
        ? { crashProbability: 0.9, expectedFrequency: 0.3, source: 'family-stress' }
        : market.risk(pool),
  });
  const pools = ['c5.large@ap-south-1a', 'c5.large@ap-south-1b', 'r5.large@ap-south-1a'];

  it('have the same fields', async () => {
    const ranked = await advisor.rank({ pools });
    const evaluated = await advisor.evaluate({ pool: 'c5.large@ap-south-1b' });
    const explained = await advisor.explain({});
    const listed = await advisor.listPools({ hot_only: true });
    const [decision] = explained.decisions;
    const [pool] = listed.pools;
    const shapes: readonly (readonly [message: string, object: object | null | undefined])[] = [
      ['RankResponse', ranked],
      ['Candidate', ranked.candidates[0]],
      ['Candidate', ranked.candidates.at(-1)],
      ['Candidate', evaluated.selected_candidate],
      ['Degradation', ranked.degradation],
      ['EvaluateResponse', evaluated],
      ['ExplainResponse', explained],
      ['Decision', decision],
      ['RequestSummary', decision?.request],
      ['Timing', decision?.timings[0]],
      ['ListPoolsResponse', listed],
      ['PoolFacts', pool],
      ['HotState', pool?.hot],
    ];
    for (const [message, object] of shapes)
      expect(Object.keys(object ?? {}), message).to.have.members([...fieldsOf(message)]);
  });

  it('come back from the wire as they were', async () => {
    const ranked = await advisor.rank({ pools });
    expect(ranked.candidates.some(({ is_valid }) => is_valid)).to.equal(true);
    expect(ranked.candidates.some(({ is_valid }) => !is_valid)).to.equal(true);
    expect(rankResponseFrom(overTheWire('Rank', ranked))).to.deep.equal(ranked);
    const evaluated = await advisor.evaluate({ pool: 'c5.large@ap-south-1b', instance_id: 'i-1' });
    expect(evaluated.selected_candidate).not.to.equal(null);
    expect(evaluateResponseFrom(overTheWire('Evaluate', evaluated))).to.deep.equal(evaluated);
    const drained = await advisor.evaluate({ pool: 'c5.large@ap-south-1a', aws_signal: 'REBALANCE' });
    expect(evaluateResponseFrom(overTheWire('Evaluate', drained))).to.deep.equal(drained);
    const explained = await advisor.explain({ last: 10 });
    expect(explainResponseFrom(overTheWire('Explain', explained))).to.deep.equal(explained);
    const listed = await advisor.listPools({});
    expect(listPoolsResponseFrom(overTheWire('ListPools', listed))).to.deep.equal(listed);
  });
});

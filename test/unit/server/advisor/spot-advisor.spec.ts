import { expect } from 'chai';
import { InvalidRequest } from '../../../../src/errors/invalid-request.ts';
import { NotFound } from '../../../../src/errors/not-found.ts';
import type { PoolSignal } from '../../../../src/decision/knowledge.ts';
import { smallAdvisor, smallMarket, smallMarketNowMs } from './small-market.ts';

async function refusal(answer: Promise<unknown>): Promise<unknown> {
  try {
    await answer;
  } catch (error) {
    return error;
  }
  return undefined;
}

async function mistakesOf(answer: Promise<unknown>) {
  const error = await refusal(answer);
  expect(error).to.be.instanceOf(InvalidRequest);
  return error instanceof InvalidRequest ? error.details : [];
}

const rebalanced: PoolSignal = {
  kind: 'REBALANCE',
  atMs: smallMarketNowMs - 60_000,
  expiresAtMs: smallMarketNowMs + 60_000,
  heat: 0.5,
};

describe('Rank', () => {
  it('ranks in pieces, between which others have their turn, and answers the same', async () => {
    let pauses = 0;
    const pause = (): Promise<void> => {
      pauses += 1;
      return Promise.resolve();
    };
    const question = { resource_requirements: { vcpu: 1, memory_gb: 1 } };
    const [whole, inPieces] = [smallAdvisor(), smallAdvisor(smallMarket(), pause)];
    const answers = [await whole.advisor.rank(question), await inPieces.advisor.rank(question)];
    expect(answers[1]?.candidates).to.deep.equal(answers[0]?.candidates);
    expect(answers[1]?.candidates).to.have.length.above(2);
    expect(pauses).to.equal(7);
  });

  it('returns every candidate: those that hold in order, then the dropped with layer and reason', async () => {
    const { advisor } = smallAdvisor();
    const { candidates, degradation } = await advisor.rank({
      pools: [
        'r5.large@ap-south-1a',
        'c5.large@ap-south-1a',
        'c5.large@ap-south-1b',
        'm6g.large@ap-south-1a',
      ],
    });
    expect(candidates).to.have.length(4);
    expect(candidates.map(({ rank }) => rank)).to.deep.equal([1, 2, 3, 0]);
    const [last] = candidates.slice(-1);
    expect(last).to.include({ id: 'r5.large@ap-south-1a', is_valid: false, yield_score: null });
    expect([last?.filtered_by, last?.filtered_code]).to.deep.equal(['optimizer', 'crash-probability']);
    expect(last?.filtered_reason).to.include('0.95');
    expect(degradation).to.deep.equal({ step: 'model', reasons: [] });
  });

  it('gives every number of a candidate', async () => {
    const { advisor } = smallAdvisor();
    const { candidates } = await advisor.rank({ pools: ['c5.large@ap-south-1a', 'c5.large@ap-south-1b'] });
    const one = candidates.find(({ id }) => id === 'c5.large@ap-south-1a');
    expect(one).to.include({
      instance_type: 'c5.large',
      availability_zone: 'ap-south-1a',
      region: 'ap-south-1',
      capacity_type: 'SPOT',
      spot_price: 0.03,
      on_demand_price: 0.085,
      crash_probability: 0.2,
      expected_frequency: 0.02,
      historic_interrupt_rate: 0.025,
      vcpu: 2,
      memory_gb: 4,
      architecture: 'x86_64',
      risk_source: 'fleet-hazard',
      is_valid: true,
      filtered_reason: null,
    });
    expect(one?.discount_depth).to.be.closeTo(1 - 0.03 / 0.085, 1e-12);
    expect(one?.yield_score).to.be.within(0, 100);
    expect(one?.tco).to.be.greaterThan(0);
  });

  it('ranks a pool that was named twice once', async () => {
    const { advisor } = smallAdvisor();
    const { candidates } = await advisor.rank({
      pools: ['c5.large@ap-south-1a', { instance_type: 'c5.large', availability_zone: 'ap-south-1a' }],
    });
    expect(candidates.map(({ id }) => id)).to.deep.equal(['c5.large@ap-south-1a']);
  });

  it('finds the pools that meet requirements and counts what they offer beyond as waste', async () => {
    const { advisor } = smallAdvisor();
    const { candidates } = await advisor.rank({
      resource_requirements: { vcpu: 2, memory_gb: 4, architecture: 'x86_64' },
    });
    expect(candidates.map(({ id }) => id)).to.have.members([
      'c5.large@ap-south-1a',
      'c5.large@ap-south-1b',
      'c5.xlarge@ap-south-1a',
      'r5.large@ap-south-1a',
    ]);
    const waste = (id: string) => candidates.find((one) => one.id === id)?.waste_cost ?? Number.NaN;
    expect(waste('c5.large@ap-south-1a')).to.be.closeTo(0, 1e-9);
    expect(waste('c5.xlarge@ap-south-1a')).to.be.greaterThan(0.01);
  });

  it('finds no pools in a region that nothing is known of', async () => {
    const { advisor } = smallAdvisor();
    const { candidates } = await advisor.rank({
      resource_requirements: { vcpu: 2 },
      region: 'eu-west-1',
    });
    expect(candidates).to.deep.equal([]);
  });

  it('ranks node groups described by hand over all of their pools', async () => {
    const { advisor } = smallAdvisor();
    const demand = { vcpu: 8, memory_gb: 16 };
    const { candidates } = await advisor.rank({
      node_groups: [
        {
          id: 'two-zones',
          instance_types: ['c5.large'],
          availability_zones: ['ap-south-1a', 'ap-south-1b'],
          capacity_type: 'SPOT',
          node_count: 4,
          demand,
        },
        {
          id: 'big',
          instance_types: ['c5.xlarge'],
          availability_zones: ['ap-south-1a'],
          capacity_type: 'SPOT',
          node_count: 2,
          demand,
        },
      ],
    });
    expect(candidates.map(({ id }) => id)).to.have.members(['two-zones', 'big']);
    expect(candidates.find(({ id }) => id === 'two-zones')).to.include({ node_count: 4, is_valid: true });
  });

  it('refuses types that are not known with the names they may have meant', async () => {
    const { advisor } = smallAdvisor();
    const mistakes = await mistakesOf(
      advisor.rank({ pools: ['c5.large@ap-south-1a', 'c5.lrge@ap-south-1a', 'zz9.nano@ap-south-1a'] }),
    );
    expect(mistakes).to.deep.equal([
      {
        path: 'pools.1.instance_type',
        message: 'c5.lrge is not an instance type known here; did you mean c5.large, c5.xlarge, r5.large?',
      },
      { path: 'pools.2.instance_type', message: 'zz9.nano is not an instance type known here' },
    ]);
  });

  it('answers thousands of mistakes in little more than the time of a few', async () => {
    const { advisor } = smallAdvisor();
    const pools = Array.from({ length: 5_000 }, (_, index) => `c5.lrge${index}@ap-south-1a`);
    const mistakes = await mistakesOf(advisor.rank({ pools }));
    expect(mistakes).to.have.length(51);
    expect(mistakes.at(-1)).to.deep.equal({ path: '', message: 'and 4950 more mistakes' });
    expect(mistakes.filter(({ message }) => message.includes('did you mean'))).to.have.length(5);
  });

  it('refuses groups that span more pools than can be ranked at once', async () => {
    const { advisor } = smallAdvisor();
    const zones = Array.from({ length: 20 }, (_, index) => `aps1-az${index}`);
    const node_groups = Array.from({ length: 11 }, (_, index) => ({
      id: `group-${index}`,
      instance_types: Array.from({ length: 100 }, () => 'c5.large'),
      availability_zones: zones,
    }));
    expect(await mistakesOf(advisor.rank({ node_groups }))).to.deep.equal([
      { path: 'node_groups', message: 'span 22000 pools, at most 20000 can be ranked at once' },
    ]);
  });

  it('refuses a zone outside the region that was named', async () => {
    const { advisor } = smallAdvisor();
    expect(
      await mistakesOf(advisor.rank({ pools: ['c5.large@us-east-1a'], region: 'ap-south-1' })),
    ).to.deep.equal([
      { path: 'pools.0.availability_zone', message: 'us-east-1a is in us-east-1, not in ap-south-1' },
    ]);
  });

  it('takes a zone to be in the region that it tells, else in the one that was named, else in its own', async () => {
    const { advisor } = smallAdvisor();
    const regions = async (zone: string, region: object) =>
      (await advisor.rank({ pools: [`c5.large@${zone}`], ...region })).candidates.map((one) => one.region);
    expect(await regions('use1-az1', {})).to.deep.equal(['us-east-1']);
    expect(await regions('use1-wl1-bos-wlz1', { region: 'us-east-1' })).to.deep.equal(['us-east-1']);
    expect(await regions('zz9-az1', { region: 'us-east-1' })).to.deep.equal(['us-east-1']);
    expect(await regions('zz9-az1', {})).to.deep.equal(['ap-south-1']);
  });

  it('shows the heat of a pool that gave a signal and ranks it behind', async () => {
    const { advisor } = smallAdvisor(
      smallMarket(new Map([['c5.large@ap-south-1a', { ...rebalanced, heat: 1 }]])),
    );
    const { candidates } = await advisor.rank({ pools: ['c5.large@ap-south-1a', 'c5.large@ap-south-1b'] });
    expect(candidates.map(({ id, heat }) => [id, heat])).to.deep.equal([
      ['c5.large@ap-south-1b', 0],
      ['c5.large@ap-south-1a', 1],
    ]);
  });
});

describe('Evaluate', () => {
  it('says STAY below the gate', async () => {
    const { advisor } = smallAdvisor();
    const answer = await advisor.evaluate({ instance_type: 'c5.large', availability_zone: 'ap-south-1a' });
    expect(answer).to.include({
      decision: 'STAY',
      crash_probability: 0.2,
      expected_frequency: 0.02,
      aws_signal: 'NONE',
      selected_candidate: null,
      signal_time: '2026-01-31T08:22:00.000Z',
    });
    expect(answer.execution_time_ms).to.be.greaterThan(0);
  });

  it('says SWITCH at the gate, with a better pool of no smaller size', async () => {
    const { advisor } = smallAdvisor();
    const answer = await advisor.evaluate({ pool: 'r5.large@ap-south-1a' });
    // No other pool of this market has two vCPUs, 16 GiB and the same architecture.
    expect(answer).to.include({ decision: 'STAY' });
    expect(answer.reason).to.include('no better pool');
    const risky = smallMarket();
    const { advisor: other } = smallAdvisor({
      ...risky,
      risk: (pool) =>
        pool.zone === 'ap-south-1a'
          ? { crashProbability: 0.9, expectedFrequency: 0.3, source: 'fleet-hazard' }
          : risky.risk(pool),
    });
    const moved = await other.evaluate({ pool: 'c5.large@ap-south-1a', instance_id: 'i-0123456789abcdef0' });
    expect(moved.decision).to.equal('SWITCH');
    expect(moved.selected_candidate?.id).to.equal('c5.large@ap-south-1b');
    expect(moved.instance_id).to.equal('i-0123456789abcdef0');
  });

  it('says DRAIN for a rebalance recommendation and EVACUATE for a termination, whatever is known of the type', async () => {
    const { advisor } = smallAdvisor();
    const drain = await advisor.evaluate({
      pool: 'c5.large@ap-south-1a',
      aws_signal: 'REBALANCE_RECOMMENDATION',
    });
    expect([drain.decision, drain.aws_signal]).to.deep.equal(['DRAIN', 'REBALANCE']);
    const evacuate = await advisor.evaluate({
      pool: 'zz9.nano@ap-south-1a',
      aws_signal: 'TERMINATION',
      signal_time: '2026-01-31T08:20:00Z',
    });
    expect([evacuate.decision, evacuate.signal_time]).to.deep.equal(['EVACUATE', '2026-01-31T08:20:00.000Z']);
  });

  it('refuses an unknown type without a signal, with a suggestion', async () => {
    const { advisor } = smallAdvisor();
    expect(await mistakesOf(advisor.evaluate({ pool: 'm6g.lagre@ap-south-1a' }))).to.deep.equal([
      {
        path: 'instance_type',
        message: 'm6g.lagre is not an instance type known here; did you mean m6g.large?',
      },
    ]);
  });
});

describe('Explain', () => {
  it('tells rank and evaluate again, newest first, with every candidate and the time of each layer', async () => {
    const { advisor, told } = smallAdvisor();
    const first = await advisor.rank({ pools: ['c5.large@ap-south-1a', 'r5.large@ap-south-1a'] });
    await advisor.evaluate({ pool: 'c5.large@ap-south-1b' });
    const { decisions } = await advisor.explain({ last: 10 });
    expect(decisions.map(({ kind, answer }) => [kind, answer])).to.deep.equal([
      ['evaluate', ['STAY']],
      ['rank', ['c5.large@ap-south-1a']],
    ]);
    expect(told.map(({ decision_id }) => decision_id)).to.deep.equal(
      decisions.map(({ decision_id }) => decision_id).reverse(),
    );
    const again = await advisor.explain({ decision_id: first.decision_id });
    expect(again.decisions).to.have.length(1);
    const [decision] = again.decisions;
    expect(decision?.candidates).to.deep.equal(first.candidates);
    expect(decision?.drops).to.deep.equal([{ layer: 'optimizer', reason: 'crash-probability', count: 1 }]);
    expect(decision?.timings.map(({ part }) => part)).to.deep.equal([
      'input',
      'static',
      'risk',
      'optimizer',
      'reactive',
      'actuator',
      'total',
    ]);
  });

  it('leaves the candidates out of an overview', async () => {
    const { advisor } = smallAdvisor();
    await advisor.rank({ pools: ['c5.large@ap-south-1a'] });
    const { decisions } = await advisor.explain({ without_candidates: true });
    expect(decisions[0]).to.deep.include({ candidates: [], candidate_count: 1 });
  });

  it('tells older decisions without their candidates once the answer is large', async () => {
    const { advisor, decisions, told } = smallAdvisor();
    await advisor.rank({ pools: ['c5.large@ap-south-1a'] });
    const [small] = told;
    const [candidate] = small?.candidates ?? [];
    if (small === undefined || candidate === undefined) throw new Error('nothing was decided');
    const large = {
      ...small,
      candidates: Array.from({ length: 900 }, () => candidate),
      candidate_count: 900,
    };
    for (let index = 0; index < 8; index += 1) decisions.add({ ...large, decision_id: decisions.nextId() });
    const answer = await advisor.explain({ last: 8 });
    expect(answer.decisions.map(({ candidates }) => candidates.length)).to.deep.equal([
      900, 900, 900, 900, 900, 0, 0, 0,
    ]);
    expect(answer.decisions.at(-1)?.candidate_count).to.equal(900);
  });

  it('says that a decision is not there', async () => {
    const { advisor } = smallAdvisor();
    const error = await refusal(advisor.explain({ decision_id: 'nope' }));
    expect(error).to.be.instanceOf(NotFound);
    expect(String(error)).to.include('there is no decision nope');
  });
});

describe('ListPools', () => {
  it('goes through all pools page by page, each once and in order', async () => {
    const { advisor } = smallAdvisor();
    const seen: string[] = [];
    let token = '';
    do {
      const page = await advisor.listPools({ page_size: 2, page_token: token });
      expect(page.total).to.equal(5);
      expect(page.pools.length).to.be.at.most(2);
      seen.push(...page.pools.map(({ pool }) => pool));
      token = page.next_page_token;
    } while (token !== '');
    expect(seen).to.deep.equal([
      'c5.large@ap-south-1a',
      'c5.large@ap-south-1b',
      'c5.xlarge@ap-south-1a',
      'm6g.large@ap-south-1a',
      'r5.large@ap-south-1a',
    ]);
  });

  it('ends exactly where the last page is full', async () => {
    const { advisor } = smallAdvisor();
    const page = await advisor.listPools({ page_size: 5 });
    expect([page.pools.length, page.next_page_token]).to.deep.equal([5, '']);
  });

  it('filters by region, type and live signals', async () => {
    const { advisor } = smallAdvisor(smallMarket(new Map([['c5.large@ap-south-1b', rebalanced]])));
    const names = async (filter: object) => (await advisor.listPools(filter)).pools.map(({ pool }) => pool);
    expect(await names({ region: 'us-east-1' })).to.deep.equal([]);
    expect(await names({ instance_type_prefix: 'c5.x' })).to.deep.equal(['c5.xlarge@ap-south-1a']);
    expect(await names({ hot_only: true })).to.deep.equal(['c5.large@ap-south-1b']);
    const [hot] = (await advisor.listPools({ hot_only: true })).pools;
    expect(hot).to.deep.include({
      spot_price: 0.04,
      on_demand_price: 0.085,
      historic_interrupt_rate: 0.025,
      crash_probability: 0.1,
      hot: {
        signal: 'REBALANCE',
        since: '2026-01-31T08:21:00.000Z',
        until: '2026-01-31T08:23:00.000Z',
        heat: 0.5,
      },
    });
  });

  it('refuses a page token that no page gave', async () => {
    const { advisor } = smallAdvisor();
    for (const token of ['%%%', btoa('nonsense')])
      expect((await mistakesOf(advisor.listPools({ page_token: token })))[0]?.path).to.equal('page_token');
  });
});

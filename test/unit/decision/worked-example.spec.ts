import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { gib, knownMarket, modelRisk, now, pod, scaleUp } from './known-market.ts';
import type { GroupShown } from './known-market.ts';

type Row = Readonly<Record<string, string>>;

const text = readFileSync('docs/how-decisions-are-made.md', 'utf8');
const example = text.slice(text.indexOf('## A worked example'), text.indexOf('## What a node is worth'));

/** The rows of the example's table whose first columns are these. */
function table(...columns: readonly string[]): readonly Row[] {
  const blocks = example.split(/\n\n/).filter((block) => block.startsWith('|'));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const block = blocks.find((one) =>
    columns.every((column, at) => cells(one.split('\n')[0]!)[at] === column),
  );
  if (block === undefined) throw new Error(`no table ${columns.join(', ')}`);
  const [head, , ...lines] = block.trim().split('\n');
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, at) => [cells(head!)[at]!, cell])));
}

function number(row: Row, column: string): number {
  const value = Number(row[column]);
  expect(value, column).to.satisfy(Number.isFinite);
  return value;
}

function decision(policy = defaultPolicy) {
  const kinds = table('pods', 'number');
  const pods = kinds.flatMap((row) =>
    Array.from({ length: number(row, 'number') }, () => ({
      kind: row['pods']!,
      pod: pod(number(row, 'vCPU each') * 1000, number(row, 'GiB each')),
    })),
  );
  const groups: Record<string, GroupShown> = {};
  const prices: Record<string, { spotPerHour: number; onDemandPerHour: number }> = {};
  const bands: Record<string, { interruptRate: number; code: number }> = {};
  const risk: Record<string, ReturnType<typeof modelRisk>> = {};
  for (const row of table('group', 'type')) {
    const type = row['type']!;
    const holds = row['holds']!.split(', ');
    groups[row['group']!] = {
      type,
      zone: 'ap-south-1a',
      capacityType: row['capacity'] === 'SPOT' ? 'SPOT' : 'ON_DEMAND',
      nodeCount: number(row, 'nodes'),
      size: {
        cpuMilli: number(row, 'vCPU a node') * 1000,
        memoryBytes: number(row, 'GiB a node') * gib,
        gpus: 0,
      },
      pods: pods.flatMap(({ kind }, index) => (holds.includes(kind) ? [index] : [])),
    };
    prices[type] = {
      spotPerHour: number(row, 'Spot price'),
      onDemandPerHour: number(row, 'on-demand price'),
    };
    bands[type] = { interruptRate: number(row, 'band'), code: 2 };
    risk[type] = modelRisk(number(row, 'crash probability'), number(row, 'expected'));
  }
  const request = scaleUp(
    groups,
    pods.map((one) => one.pod),
  );
  return decideScaleUp(request, knownMarket({ prices, bands, risk }), policy, now);
}

describe('the worked example of docs/how-decisions-are-made.md', () => {
  it('ends as its table says, figure by figure', () => {
    const { ranked } = decision();
    expect(
      ranked.map((candidate) => ({
        group: candidate.id,
        'waste, USD/h': candidate.wastePerHour.toFixed(4),
        TCO: candidate.tco.toFixed(4),
        yield: candidate.yield.toFixed(1),
      })),
    ).to.deep.equal(table('group', 'waste, USD/h'));
  });

  it('answers the group that it names and drops the one that it says is dropped', () => {
    const { answer, drops } = decision();
    expect(example).to.contain(`The answer is \`${answer.join()}\`, alone`);
    expect(drops.map(({ id }) => id)).to.deep.equal(['spot-r5']);
    expect(example).to.contain(
      '`spot-r5` is objected to: 25 % of its Spot capacity was reclaimed in a month',
    );
  });

  it('shows steps whose arithmetic gives the results', () => {
    const { ranked } = decision();
    const [m5, c5] = ranked;
    const steps = [...example.matchAll(/TCO = ([^=]+) = (\d\.\d+)/g)];
    expect(steps).to.have.length(2);
    const first = ((0.084 + 0.00018 * 16.17) / 4.7) * (1 + 0.045 * 2.19);
    expect(first).to.be.closeTo(m5!.tco, 0.00005);
    expect(steps[0]![2]).to.equal(m5!.tco.toFixed(4));
    const second =
      ((0.072 + 0.00018 * 12.13) / (3.6 + 0.31 * 0.15)) * (1 + 0.045 * 2) * (1 + 0.25 * (1 - 3.6 / 4.7));
    expect(second).to.be.closeTo(c5!.tco, 0.00005);
    expect(steps[1]![2]).to.equal(c5!.tco.toFixed(4));
    expect(example).to.contain(`(1 − ${m5!.tco.toFixed(4)} / 0.0361) × (1 − 0.0022)`);
    expect(example).to.contain(`= ${m5!.yield.toFixed(1)};`);
  });

  it('names what the classic formula would answer', () => {
    const { answer } = decision({ ...defaultPolicy, formula: 'classic' });
    expect(example).to.contain(`By the classic formula it would be \`${answer.join()}\``);
  });
});

describe('the prose of the worked example', () => {
  it('counts units as its tables give them', () => {
    const group = table('group', 'type').find((row) => row['group'] === 'spot-m5')!;
    const units = (vcpu: number, memoryGib: number) => vcpu + 0.1 * memoryGib;
    const nodes = number(group, 'nodes');
    const [vcpu, memory] = [number(group, 'vCPU a node'), number(group, 'GiB a node')];
    const kinds = table('pods', 'number');
    const sum = (column: string) =>
      kinds.reduce((total, row) => total + number(row, 'number') * number(row, column), 0);
    const [askedVcpu, askedMemory] = [sum('vCPU each'), sum('GiB each')];
    const asked = units(askedVcpu, askedMemory);
    const [idleVcpu, idleMemory] = [nodes * vcpu - askedVcpu, nodes * memory - askedMemory];
    const { daemonSets } = defaultPolicy;
    const takenVcpu = (nodes * daemonSets.cpuMilli) / 1000;
    expect(takenVcpu).to.be.greaterThan(idleVcpu);
    const pods = kinds.reduce((total, row) => total + number(row, 'number'), 0);
    const held = Math.min((pods * vcpu) / askedVcpu, (pods * memory) / askedMemory);
    const [web] = kinds;
    const served = number(web!, 'number') * units(number(web!, 'vCPU each'), number(web!, 'GiB each'));
    expect(example).to.contain(
      `offers ${nodes} × (${vcpu} vCPU + ${memory} GiB). ` +
        `The pods ask for ${askedVcpu} vCPU and ${askedMemory} GiB, ${asked.toFixed(1)} units at 0.1 unit a GiB. ` +
        `${idleVcpu} vCPU and ${idleMemory} GiB stay free, less than the ${takenVcpu} vCPU that DaemonSets and scraps take of two nodes: none of it counts as served. ` +
        `A node holds ${held.toFixed(1)} pods of this size; ${held.toFixed(1)} pods that stay are ${Math.log2(held).toFixed(2)} doublings,`,
    );
    expect(example).to.contain(`${served.toFixed(1)} of the ${asked.toFixed(1)} units are served`);
  });
});

describe('the defaults that docs/how-decisions-are-made.md names', () => {
  it('are those of the policy', () => {
    expect(text).to.contain(`(1 + ${defaultPolicy.unservedWeight} × share left to later scale-ups)`);
    expect(text).to.contain(`(1 + ${defaultPolicy.nodeTail} × doublings of the pods that stay on a node)`);
    expect(text).to.contain(
      `what the pods ask for + ${defaultPolicy.reuseShare} × (1 − 1 / p) × the room beside them`,
    );
    expect(text).to.contain(`\`interruption_price\` (${defaultPolicy.interruptionPrice})`);
    expect(text).to.contain(`\`lost_work\` (${defaultPolicy.lostWorkMinutes} min)`);
    expect(text).to.contain(`\`max_safety_premium\` (${defaultPolicy.maxSafetyPremium})`);
    const { ofTenPercent, ofThirtyPercent, ofHalf } = defaultPolicy.lossAtOnce;
    const percent = (part: number): string => String(Number((100 * part).toFixed(2)));
    expect(text).to.contain(
      `counts ${percent(ofTenPercent)}, ${percent(ofThirtyPercent)} or ${percent(ofHalf)} % dearer`,
    );
    expect(text).to.contain(`\`daemonset_cpu\` ${defaultPolicy.daemonSets.cpuMilli / 1000}`);
    expect(text).to.contain(`\`burstable_load\` (${defaultPolicy.burstableLoad})`);
    expect(text).to.contain(`the price × (1 + ${100 * defaultPolicy.forecastRise} % ×`);
    expect(text).to.contain(`\`affinity_weight\` (${defaultPolicy.affinityWeight},`);
    expect(text).to.contain(`\`spread_weight\` (${defaultPolicy.spreadWeight})`);
    expect(text).to.contain(`Spot is taken as ${defaultPolicy.assumedSpotShare} of on-demand`);
    expect(text).to.contain(`score × (1 − h) − ${defaultPolicy.hotPenalty} × h`);
    expect(text).to.contain(`costs ${defaultPolicy.windowsSurcharge} of its Linux on-demand price more`);
    expect(defaultPolicy).to.include({
      maxSizeFactor: 4,
      worstPoolWeight: 0.5,
      maxCrashProbability: 0.85,
    });
  });
});

import { expect } from 'chai';
import type { ExpanderSummary } from '../../../../src/offline/simulate/comparison.ts';
import { pooledText } from '../../../../src/offline/simulate/pooled-text.ts';
import { simulationPage } from '../../../../src/offline/simulate/simulation-page.ts';
import { trialText } from '../../../../src/offline/simulate/trial-text.ts';
import { runOutcome } from './run-outcomes.ts';

const interval = (mean: number, half: number) => ({ mean, low: mean - half, high: mean + half });

function summary(expander: string, dearer: number): ExpanderSummary {
  return {
    expander,
    totalCost: interval(0.02, 0.001),
    nodesCost: interval(0.019, 0.0005),
    interruptions: interval(0.03, 0.01),
    disturbedPods: interval(0.05, 0.02),
    largestLoss: interval(12, 3),
    failedLaunches: interval(0, 0),
    waitedMinutes: interval(0, 0),
    spikesMet: interval(0.05, 0.02),
    largestPool: interval(0.4, 0.1),
    largestPoolHours: interval(0.3, 0.1),
    regret: interval(0.03, 0.005),
    besideOurs: {
      totalCost: interval(dearer, 0.01),
      disturbedPods: interval(0.1, 0.05),
      largestLoss: interval(0.01, 0.05),
      largestPool: interval(-0.1, 0.05),
    },
    cheaperBetween: { from: 0, to: Infinity },
  };
}

const verdict = (rival: number) => ({
  region: 'eu-west-1',
  cell: '',
  groups: 4,
  seeds: 20,
  disturbancePrice: 1,
  summaries: [summary('spot-expander', 0), summary('price', rival), summary('oracle', -0.02)],
});

describe('what simulate says', () => {
  const lines = trialText(verdict(0.05)).split('\n');
  const rowsOf = (expander: string) =>
    lines
      .filter((line) => line.startsWith(`| ${expander} `))
      .map((line) => line.split('|').map((cell) => cell.trim()));

  it('gives an interval with every cost, and with every disturbance', () => {
    expect(rowsOf('price')).to.deep.equal([
      ['', 'price', '20.00 (19.00 … 21.00)', '5.00 (4.00 … 6.00)', '3.00 (2.50 … 3.50)', 'any', ''],
      [
        '',
        'price',
        '19.00 (18.50 … 19.50)',
        '5.0 (3.0 … 7.0)',
        '12.0 (9.0 … 15.0)',
        '40.0 (30.0 … 50.0)',
        '',
      ],
      [
        '',
        'price',
        '10.0 (5.0 … 15.0)',
        '1.0 (-4.0 … 6.0)',
        '-10.0 (-15.0 … -5.0)',
        '5.00 (3.00 … 7.00)',
        '',
      ],
    ]);
  });

  it('is no wider than 140 columns with the longest name and figures of four digits', () => {
    const wide: ExpanderSummary = {
      ...summary('spot-expander, fleet not in view', 1.2345),
      totalCost: interval(1.2, 0.1),
      nodesCost: interval(1.2, 0.1),
      regret: interval(1.2, 0.1),
      interruptions: interval(1.2, 0.1),
    };
    const text = trialText({ ...verdict(0.05), summaries: [wide, summary('oracle', 0)] });
    for (const line of text.split('\n')) expect(line.length).to.be.at.most(140);
  });

  it('says of each figure whom ours is better than, where it is dearer or has more, and where nothing is shown', () => {
    expect(lines).to.include.members([
      'Ours, total cost: less than every other expander, each difference beyond its 95 % interval.',
      'Ours, disturbed pods: less than every other expander, each difference beyond its 95 % interval.',
      'Ours, the largest loss at once: no difference shown to price.',
      "Ours, the largest pool's share: MORE than price.",
    ]);
    expect(trialText(verdict(0.005))).to.include('Ours, total cost: no difference shown to price.');
    expect(trialText(verdict(-0.05))).to.include('Ours, total cost: DEARER than price.');
  });

  it('pools cells and names the one in which ours does worst', () => {
    const run = (expander: string, nodesCost: number) =>
      runOutcome(expander, { nodesCost, disturbedPods: nodesCost, largestLoss: 1 });
    const cell = (name: string, ours: number) => ({
      name,
      runs: [1, 1].map(() => [run('spot-expander', ours), run('price', 10), run('oracle', 1)]),
    });
    const text = pooledText([cell('one', 9), cell('other', 10.5)], 'spot-expander');
    expect(text).to.contain('All 2 cells');
    expect(text).to.contain('5.0 (1 of 2 no worse)');
    expect(pooledText([cell('one', 9)], 'spot-expander')).to.equal('');
  });

  it('counts a seed once however many cells share its demand: the interval is over seeds', () => {
    const cell = (name: string) => ({
      name,
      runs: [9, 11].map((ours) => [
        runOutcome('spot-expander', { nodesCost: ours }),
        runOutcome('price', { nodesCost: 10 }),
      ]),
    });
    const cells = ['one', 'two', 'three', 'four'].map(cell);
    // Two seeds, −10 and +10 %: mean 0, half 12.706 × 14.1 / √2.
    expect(pooledText(cells, 'spot-expander')).to.contain('0.0 (-127.1 … 127.1)');
  });

  it('is a page that plots the regret of everyone but the oracle', () => {
    const page = simulationPage([verdict(0.05)], []);
    const [, after = ''] = page.split('<h3>Regret: dearer than the oracle, %, seed by seed</h3>');
    const plot = after.slice(0, after.indexOf('<h3>'));
    const labels = [...plot.matchAll(/<span class="name">([^<]*)</g)].map(([, label]) => label);
    expect(labels).to.deep.equal(['spot-expander', 'price']);
    expect(plot).to.include('>3.00 (2.50 … 3.50)<');
  });
});

import { expect } from 'chai';
import type { ExpanderSummary } from '../../../../src/offline/simulate/comparison.ts';
import { simulationPage } from '../../../../src/offline/simulate/simulation-page.ts';
import { trialText } from '../../../../src/offline/simulate/trial-text.ts';

const interval = (mean: number, half: number) => ({ mean, low: mean - half, high: mean + half });

function summary(expander: string, dearer: number): ExpanderSummary {
  return {
    expander,
    totalCost: interval(0.02, 0.001),
    nodesCost: interval(0.019, 0.0005),
    interruptions: interval(0.03, 0.01),
    spikesMet: interval(0.05, 0.02),
    largestPool: interval(0.4, 0.1),
    regret: interval(0.03, 0.005),
    dearerThanOurs: interval(dearer, 0.01),
    cheaperBetween: { from: 0, to: Infinity },
  };
}

const verdict = (rival: number) => ({
  region: 'eu-west-1',
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
        '3.00 (2.00 … 4.00)',
        '5.00 (3.00 … 7.00)',
        '40.0 (30.0 … 50.0)',
        '',
      ],
    ]);
  });

  it('is no wider than 140 columns with the longest name and figures of four digits', () => {
    const wide: ExpanderSummary = {
      ...summary('spot-expander, waste not charged', 1.2345),
      totalCost: interval(1.2, 0.1),
      nodesCost: interval(1.2, 0.1),
      regret: interval(1.2, 0.1),
      interruptions: interval(1.2, 0.1),
    };
    const text = trialText({ ...verdict(0.05), summaries: [wide, summary('oracle', 0)] });
    for (const line of text.split('\n')) expect(line.length).to.be.at.most(140);
  });

  it('names who is not shown dearer', () => {
    expect(lines).to.include(
      'Cheaper in total than every other expander, each difference beyond its 95 % interval.',
    );
    expect(trialText(verdict(0.005))).to.include('NOT shown cheaper than price.');
  });

  it('is a page that plots the regret of everyone but the oracle', () => {
    const page = simulationPage([verdict(0.05)], []);
    const [, after = ''] = page.split('<h3>Regret: dearer than the oracle, %, seed by seed</h3>');
    const plot = after.slice(0, after.indexOf('</svg>'));
    const labels = [...plot.matchAll(/text-anchor="end">([^<]*)</g)].map(([, label]) => label);
    expect(labels).to.deep.equal(['spot-expander', 'price']);
    expect(plot).to.include('>3.00 (2.50 … 3.50)<');
  });
});

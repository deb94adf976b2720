import { expect } from 'chai';
import type { ExpanderSummary } from '../../../src/simulate/comparison.ts';
import { simulationPage } from '../../../src/simulate/simulation-page.ts';
import { trialText } from '../../../src/simulate/trial-text.ts';

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

  it('gives half of an interval with what is judged', () => {
    expect(rowsOf('price')).to.deep.equal([
      [
        '',
        'price',
        '20.0 ± 1.0',
        '19.00',
        '3.0 ± 1.0',
        '5.0',
        '40.0 ± 10.0',
        '3.00 ± 0.50',
        '5.0 ± 1.0',
        'any',
        '',
      ],
    ]);
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
    expect(plot).to.include('>3.00');
  });
});

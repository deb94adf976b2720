import { expect } from 'chai';
import { bounded, type Interval } from '../../../../src/offline/simulate/interval.ts';
import { simulationPage } from '../../../../src/offline/simulate/simulation-page.ts';
import { svgBars, svgPlot } from '../../../../src/offline/training/svg-plot.ts';

const wide = (mean: number): Interval => ({ mean, low: mean - 5, high: mean + 5 });

describe('plots', () => {
  it('show no interval below zero for a count, nor above a hundred for a share', () => {
    expect(bounded(wide(1), 0, Infinity)).to.deep.equal({ mean: 1, low: 0, high: 6 });
    expect(bounded(wide(98), 0, 100)).to.deep.equal({ mean: 98, low: 93, high: 100 });
    const arm = {
      name: 'hot pools',
      interruptions: wide(2),
      difference: wide(0),
      served: wide(1),
      dearer: wide(0),
    } as const;
    const page = simulationPage([], [{ set: 'a', pools: 2, target: 1, seeds: 3, arms: [arm] }]);
    expect(page).to.include('2.00 (0.00 … 7.00)');
    expect(page).to.include('prefers-color-scheme:dark').and.include('max-width:640px');
  });

  it('leave room for the longest label, and draw nothing outside of their ranges', () => {
    const name = 'a_feature_of_which_the_name_is_rather_long_indeed';
    const bars = svgBars('Gain', [{ name, value: 0.4 }]);
    const [, start = ''] = /<text x="([\d.]+)" y="\d+" text-anchor="end">a_feature/.exec(bars) ?? [];
    expect(Number(start)).to.be.greaterThan(6 * name.length);
    const plot = svgPlot({
      title: 't',
      xLabel: 'x',
      yLabel: 'y',
      xRange: [0, 1],
      yRange: [0, 1],
      series: [{ name: 'model', style: 'line', colour: 'red', points: [[-1, 7]] }],
    });
    expect(plot).to.include('M66.0 50.0').and.not.include('NaN');
  });
});

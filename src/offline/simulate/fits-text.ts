import { markdownTable } from '../reports/markdown-table.ts';
import { burstFit } from './burst-fit.ts';
import { dryFit } from './dry-fit.ts';
import type { TraceSet } from './trace-archive.ts';

/** What the price replay takes from availability traces: how pools take nodes back, and how they run short. */
export function fitsText(sets: readonly TraceSet[]): string {
  const bursts = [
    ...sets.map((set) => [set.name, [set]] as const),
    ['all sets together', sets] as const,
  ].flatMap(([name, some]) => {
    const fit = burstFit(some);
    if (fit === undefined) return [];
    const { together, least, most } = fit.bursts;
    return [
      [
        name,
        String(fit.pools),
        String(fit.losses),
        fit.lostTogether.toFixed(2),
        together.toFixed(2),
        `${least.toFixed(2)} … ${most.toFixed(2)}`,
      ],
    ];
  });
  const dry = dryFit(sets);
  return [
    '## How pools take nodes back and run short: what replays of prices take from traces',
    '',
    bursts.length === 0
      ? 'No pool of several nodes lost any: nothing tells how many go together.\n'
      : markdownTable([
          [
            'pools that held several nodes',
            'pools',
            'losses',
            'lost nodes that went with others',
            '--burst-share',
            '--burst-least … --burst-most',
          ],
          ...bursts,
        ]),
    dry === undefined
      ? 'No pool ran short ten times: nothing tells for how long.'
      : `Of ${dry.pools} pools with ten short spells or more: short in ${(100 * dry.share).toFixed(0)} % of the time (--dry ${dry.share.toFixed(2)}), for ${dry.medianHours.toFixed(2)} h (median; log-normal, sigma ${dry.sigma.toFixed(2)}). Of the ${dry.severalNodes} that held several nodes, empty in ${(100 * dry.empty).toFixed(0)} % of it, and ${(100 * dry.partialShare).toFixed(0)} % of the most that they held in the rest.`,
    '',
    '',
  ].join('\n');
}

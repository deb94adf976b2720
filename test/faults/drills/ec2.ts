import type { Fault as PeerFault } from '../../peers/aws-peer.ts';
import type { Drill } from '../drill.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';
import type { Stage } from '../stage.ts';

const failed = counted('spot_refreshes_total', { source: 'spot_prices', result: 'failed' });
/** What is seen once known prices are older than `max_price_age`, whatever keeps them from being renewed. */
const pricesAreStale = [
  logged('warn', /Spot prices are \d+ seconds old .*they are not used/),
  measured(
    'spot_source_age_seconds of spot_prices above max_price_age',
    (now) => now.sum('spot_source_age_seconds', { source: 'spot_prices' }) > 12,
  ),
  answersRestOn('advisor-prior'),
];
const pricesAreFresh = [
  counted('spot_refreshes_total', { source: 'spot_prices', result: 'changed' }),
  logged('info', /Spot prices are fresh again/),
  answersRestOn('model'),
];
const failedAndStale = [failed, ...pricesAreStale];
const recoveredAndFresh = [
  counted('spot_refreshes_total', { source: 'spot_prices', result: 'recovered' }),
  ...pricesAreFresh,
];

async function faulty(stage: Stage, what: string, fault: PeerFault, words: RegExp): Promise<void> {
  const { ec2 } = stage.world;
  await stage.play({
    what,
    step: 'advisor-prior, once prices are stale',
    begin: () => ec2.setFault(fault),
    signs: [logged('warn', words), ...failedAndStale],
    noticedWithinMs: 150_000,
    end: () => ec2.setFault(undefined),
    recovery: recoveredAndFresh,
    recoveredWithinMs: 90_000,
  });
}

export const ec2Throttling: Drill = {
  name: 'ec2-throttling',
  title: 'EC2 throttling',
  load: 'light',
  run: (stage) =>
    faulty(
      stage,
      'EC2 throttles every call',
      'throttle',
      /AWS throttled DescribeSpotPriceHistory after 6 tries/,
    ),
};

export const ec2Denying: Drill = {
  name: 'ec2-denying',
  title: 'EC2 denying',
  load: 'light',
  run: (stage) =>
    faulty(
      stage,
      'EC2 denies every call',
      'deny',
      /AWS does not allow DescribeSpotPriceHistory.*their IAM policy must allow it/,
    ),
};

export const ec2Hanging: Drill = {
  name: 'ec2-hanging',
  title: 'EC2 hanging in the middle of a page',
  load: 'light',
  run: (stage) =>
    faulty(
      stage,
      'EC2 hangs in the middle of a page',
      'hang-midway',
      /DescribeSpotPriceHistory gave no answer within 10000 ms after 6 tries/,
    ),
};

/** For drills that break the way to EC2 rather than EC2. */
export const pricesLost = failedAndStale;
export const pricesBack = recoveredAndFresh;

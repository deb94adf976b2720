import { z } from 'zod';
import { flag, setting } from '../../config/setting.ts';
import {
  awsRegionList,
  boundedNumber,
  filePath,
  moment,
  names,
  numberList,
  resultFile,
  wholeNumber,
} from '../../config/value-types.ts';
import { defaultPolicy } from '../../decision/policy.ts';
import { usualBursts } from '../../offline/simulate/region-trial.ts';
import { kinds } from '../../offline/simulate/region-replay.ts';
import { traceParts } from '../../offline/simulate/trace-part.ts';

/** What is replayed, on which nodes, and what it costs. */
export const simulateSettings = {
  scope: 'SIMULATE',
  table: {
    history: setting(
      filePath.optional(),
      undefined,
      'place',
      'price history: a file, a directory or s3://bucket/prefix',
    ),
    traces: setting(
      filePath.optional(),
      undefined,
      'file',
      'availability traces: a .tar.gz of SkyPilot JSON files',
    ),
    trace_part: setting(
      z.enum(traceParts),
      'all',
      'part',
      'the sets or the half of their time that are replayed',
    ),
    region: setting(awsRegionList.optional(), undefined, 'regions', 'these regions only'),
    groups: setting(filePath, 'usual', 'file', 'node groups (YAML or JSON), or "usual"'),
    demand: setting(
      names,
      'generated',
      'files',
      `demand (CSV), or "generated"; other kinds: ${kinds.map((kind) => `generated:${kind}`).join(', ')}; each of several is replayed`,
    ),
    static: setting(
      filePath.optional(),
      undefined,
      'file',
      'static intelligence: instance types and Spot Advisor bands; without it and without --instance-types the bundled snapshot',
    ),
    instance_types: setting(
      filePath.optional(),
      undefined,
      'file',
      'instance types (CSV), beside or instead of --static',
    ),
    advisor: setting(
      names.optional(),
      undefined,
      'files',
      'Spot Advisor documents, beside or instead of --static; each of several is replayed',
    ),
    hazards: setting(
      filePath.optional(),
      undefined,
      'file',
      'the Spot Advisor document by which nodes are interrupted; without it the one that is decided by',
    ),
    on_demand: setting(
      filePath.optional(),
      undefined,
      'path',
      'on-demand prices: a CSV or static intelligence file, or a folder of them',
    ),
    risk: setting(
      filePath.optional(),
      undefined,
      'file',
      'scores of a model, as `score` writes them; without it the Advisor bands',
    ),
    from: setting(moment.optional(), undefined, 'time', 'not before this'),
    to: setting(moment.optional(), undefined, 'time', 'not after this'),
    days: setting(boundedNumber(0.01, 3_650), 14, 'days', 'that each seed runs'),
    seeds: setting(
      wholeNumber(1, 100_000),
      20,
      'count',
      'repetitions, each with its own demand, span and interruptions',
    ),
    first_seed: setting(
      wholeNumber(1, 2 ** 31),
      1,
      'number',
      'the first of the seeds: others than those that a policy was chosen on',
    ),
    batches_per_day: setting(
      boundedNumber(0.01, 100_000),
      24,
      'count',
      'generated demand: batches of pods a day',
    ),
    disturbance_price: setting(
      boundedNumber(0, 1e6),
      0.2,
      'USD',
      'what a disturbed pod costs beside its lost work',
    ),
    at_once_price: setting(
      boundedNumber(0, 1e6),
      5,
      'times',
      'that more each disturbed pod costs when all of the fleet go at once; in proportion when fewer do',
    ),
    burst_share: setting(
      boundedNumber(0, 1),
      usualBursts.together,
      '0..1',
      'of the interruptions, those that come as events which take nodes of a pool together',
    ),
    burst_least: setting(
      boundedNumber(0, 1),
      usualBursts.least,
      '0..1',
      'of the nodes of its pool, the least that such an event takes',
    ),
    burst_most: setting(boundedNumber(0.01, 1), usualBursts.most, '0..1', 'and the most'),
    dry: setting(
      boundedNumber(0, 0.9),
      0,
      '0..1',
      'of the time, in which pools bring less than is asked for or nothing; those of higher hazards more, others less',
    ),
    interruptions: setting(
      z.enum(['expected', 'drawn']),
      'expected',
      'how',
      'expected: weighed at each moment by their chance, which needs few seeds; drawn: nodes really go',
    ),
    lost_work_minutes: setting(
      boundedNumber(0, 1e6),
      60,
      'minutes',
      'of work that an evicted pod does again, at most',
    ),
    scale_down: setting(
      z.enum(['empty', 'underused', 'both']),
      'empty',
      'nodes',
      'nodes that the autoscaler removes: empty, or also underused ones whose pods fit elsewhere; or both, one after the other',
    ),
    reuse_share: setting(boundedNumber(0, 1), defaultPolicy.reuseShare, '0..1', 'ours with this policy'),
    node_tail: setting(boundedNumber(0, 1), defaultPolicy.nodeTail, '0..1', 'ours with this policy'),
    formula: setting(
      z.enum(['expected-cost', 'classic']),
      defaultPolicy.formula,
      'name',
      'ours with this policy',
    ),
    interruption_price: setting(
      boundedNumber(0, 1e6),
      defaultPolicy.interruptionPrice,
      'USD',
      'ours with this policy',
    ),
    max_safety_premium: setting(
      boundedNumber(0, 100),
      defaultPolicy.maxSafetyPremium,
      'share',
      'ours with this policy',
    ),
    loss_of_10_percent: setting(
      boundedNumber(0, 100),
      defaultPolicy.lossAtOnce.ofTenPercent,
      'share',
      'ours with this policy',
    ),
    loss_of_30_percent: setting(
      boundedNumber(0, 100),
      defaultPolicy.lossAtOnce.ofThirtyPercent,
      'share',
      'ours with this policy',
    ),
    loss_of_50_percent: setting(
      boundedNumber(0, 100),
      defaultPolicy.lossAtOnce.ofHalf,
      'share',
      'ours with this policy',
    ),
    expanders: setting(
      z.enum(['all', 'rivals']),
      'all',
      'which',
      'all; rivals: without ours by other rules and without the oracle, in half the time',
    ),
    at_once_times: setting(
      numberList(0, 1000).optional(),
      undefined,
      'numbers',
      'ours again with losses at once weighed so many times as much: what it costs to spread',
    ),
    json: flag(resultFile.optional(), undefined, 'file', 'write everything that was measured'),
    html: flag(resultFile.optional(), undefined, 'file', 'write a page with plots'),
  },
} as const;

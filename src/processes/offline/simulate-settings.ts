import { z } from 'zod';
import { flag, setting } from '../../config/setting.ts';
import {
  awsRegionList,
  boundedNumber,
  filePath,
  moment,
  resultFile,
  wholeNumber,
} from '../../config/value-types.ts';
import { defaultPolicy } from '../../decision/policy.ts';
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
      filePath,
      'generated',
      'file',
      `demand (CSV), or "generated"; other kinds: ${kinds.map((kind) => `generated:${kind}`).join(', ')}`,
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
      filePath.optional(),
      undefined,
      'file',
      'a Spot Advisor document, beside or instead of --static',
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
      1,
      'USD',
      'what one interrupted node costs beside its lost work',
    ),
    lost_work_minutes: setting(
      boundedNumber(0, 1e6),
      60,
      'minutes',
      'of work that an evicted pod does again, at most',
    ),
    scale_down: setting(
      z.enum(['empty', 'underused']),
      'empty',
      'nodes',
      'nodes that the autoscaler removes: empty, or also underused ones whose pods fit elsewhere',
    ),
    reuse_share: setting(boundedNumber(0, 1), defaultPolicy.reuseShare, '0..1', 'ours with this policy'),
    node_tail: setting(boundedNumber(0, 1), defaultPolicy.nodeTail, '0..1', 'ours with this policy'),
    interruption_hours: setting(
      boundedNumber(0, 1_000),
      defaultPolicy.interruptionHours,
      'hours',
      'ours with this policy',
    ),
    json: flag(resultFile.optional(), undefined, 'file', 'write everything that was measured'),
    html: flag(resultFile.optional(), undefined, 'file', 'write a page with plots'),
  },
} as const;

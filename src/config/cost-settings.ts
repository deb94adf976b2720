import { setting } from './setting.ts';
import { boundedNumber, byteSize, durationMs } from './value-types.ts';

/** What interruptions cost, by themselves and at once, and what of a node nobody can use. */
export const costSettings = {
  interruption_price: setting(
    boundedNumber(0, 1e6),
    2,
    'USD',
    'what an interrupted pod costs beside the work that it does again',
  ),
  lost_work: setting(
    durationMs(30 * 86_400_000),
    '60m',
    'duration',
    'work that an interrupted pod does again, its new start included; priced on demand',
  ),
  loss_of_10_percent: setting(
    boundedNumber(0, 100),
    0.012,
    'share',
    'how much dearer a group counts after whose choice 10 % of the fleet could be lost at once',
  ),
  loss_of_30_percent: setting(boundedNumber(0, 100), 0.036, 'share', 'the same for 30 % of the fleet'),
  loss_of_50_percent: setting(boundedNumber(0, 100), 0.08, 'share', 'the same for half of the fleet'),
  burstable_load: setting(
    boundedNumber(0, 1),
    0.5,
    '0..1',
    'of the CPU that pods ask for, the share that they use over time: beyond their baseline burstable types (t2, t3, t3a, t4g) serve nothing for long',
  ),
  daemonset_cpu: setting(
    boundedNumber(0, 1000),
    0.4,
    'vCPU',
    'CPU on each node that no later pod comes to use: what DaemonSets ask for, and scraps',
  ),
  daemonset_memory: setting(byteSize, '800Mi', 'size', 'the same for memory'),
} as const;

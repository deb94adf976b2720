import { z } from 'zod';
import { defaultPolicy, type Policy } from '../../decision/policy.ts';

const share = z.number().min(0).max(1);
const amount = z.number().min(0);
const { switches } = defaultPolicy;

/** A policy from a file; what an older recording did not know yet has its default. */
export const recordedPolicy: z.ZodType<Policy> = z.object({
  switches: z
    .object({
      advisorFilter: z.boolean().default(switches.advisorFilter),
      riskModel: z.boolean().default(switches.riskModel),
      safetyGate: z.boolean().default(switches.safetyGate),
      wasteCost: z.boolean().default(switches.wasteCost),
      rightSizing: z.boolean().default(switches.rightSizing),
      hotPools: z.boolean().default(switches.hotPools),
      capacityCooldown: z.boolean().default(switches.capacityCooldown),
    })
    .default(switches),
  maxCrashProbability: share.default(defaultPolicy.maxCrashProbability),
  maxHistoricInterruptRate: share.default(defaultPolicy.maxHistoricInterruptRate),
  yieldProbability: z.enum(['calibrated', 'even-odds']).default(defaultPolicy.yieldProbability),
  affinityWeight: share.default(defaultPolicy.affinityWeight),
  spreadWeight: share.default(defaultPolicy.spreadWeight),
  reuseShare: share.default(defaultPolicy.reuseShare),
  nodeTail: share.default(defaultPolicy.nodeTail),
  interruptionHours: amount.default(defaultPolicy.interruptionHours),
  unservedWeight: share.default(defaultPolicy.unservedWeight),
  worstPoolWeight: share.default(defaultPolicy.worstPoolWeight),
  costReference: z.enum(['dearest-candidate', 'on-demand']).default(defaultPolicy.costReference),
  costSpread: amount.default(defaultPolicy.costSpread),
  equalSetTolerance: amount.default(defaultPolicy.equalSetTolerance),
  onAllRejected: z.enum(['all', 'block']).default(defaultPolicy.onAllRejected),
  maxSizeFactor: amount.default(defaultPolicy.maxSizeFactor),
  hotPenalty: amount.default(defaultPolicy.hotPenalty),
  assumedSpotShare: share.default(defaultPolicy.assumedSpotShare),
  windowsSurcharge: amount.default(defaultPolicy.windowsSurcharge),
  riskHorizonHours: amount.default(defaultPolicy.riskHorizonHours),
  cooldownMs: amount.default(defaultPolicy.cooldownMs),
});

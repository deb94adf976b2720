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
  formula: z.enum(['expected-cost', 'classic']).default(defaultPolicy.formula),
  maxSafetyPremium: amount.default(defaultPolicy.maxSafetyPremium),
  maxCrashProbability: share.default(defaultPolicy.maxCrashProbability),
  maxHistoricInterruptRate: share.default(defaultPolicy.maxHistoricInterruptRate),
  affinityWeight: share.default(defaultPolicy.affinityWeight),
  spreadWeight: share.default(defaultPolicy.spreadWeight),
  reuseShare: share.default(defaultPolicy.reuseShare),
  nodeTail: share.default(defaultPolicy.nodeTail),
  lostWorkMinutes: amount.default(defaultPolicy.lostWorkMinutes),
  interruptionPrice: amount.default(defaultPolicy.interruptionPrice),
  lossAtOnce: z
    .object({ ofTenPercent: amount, ofThirtyPercent: amount, ofHalf: amount })
    .default(defaultPolicy.lossAtOnce),
  burstableLoad: share.default(defaultPolicy.burstableLoad),
  daemonSets: z.object({ cpuMilli: amount, memoryBytes: amount }).default(defaultPolicy.daemonSets),
  unservedWeight: share.default(defaultPolicy.unservedWeight),
  worstPoolWeight: share.default(defaultPolicy.worstPoolWeight),
  equalSetTolerance: amount.default(defaultPolicy.equalSetTolerance),
  onAllRejected: z.enum(['all', 'block']).default(defaultPolicy.onAllRejected),
  maxSizeFactor: amount.default(defaultPolicy.maxSizeFactor),
  hotPenalty: amount.default(defaultPolicy.hotPenalty),
  assumedSpotShare: share.default(defaultPolicy.assumedSpotShare),
  windowsSurcharge: amount.default(defaultPolicy.windowsSurcharge),
  riskHorizonHours: amount.default(defaultPolicy.riskHorizonHours),
  forecastRise: share.default(defaultPolicy.forecastRise),
  cooldownMs: amount.default(defaultPolicy.cooldownMs),
  spotFailures: amount.default(defaultPolicy.spotFailures),
  spotWaitMs: amount.default(defaultPolicy.spotWaitMs),
});

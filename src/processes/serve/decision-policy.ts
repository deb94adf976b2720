import type { ServeConfig } from '../../config/serve-config.ts';
import { defaultPolicy, type Policy } from '../../decision/policy.ts';

/** The policy that an operator's settings ask for; everything else stays as documented. */
export function decisionPolicy(config: ServeConfig): Policy {
  return {
    ...defaultPolicy,
    formula: config.formula,
    maxSafetyPremium: config.max_safety_premium,
    maxCrashProbability: config.max_crash_probability,
    maxHistoricInterruptRate: config.max_historic_interrupt_rate,
    affinityWeight: config.affinity_weight,
    spreadWeight: config.spread_weight,
    reuseShare: config.reuse_share,
    nodeTail: config.node_tail,
    lostWorkMinutes: config.lost_work / 60_000,
    interruptionPrice: config.interruption_price,
    lossAtOnce: {
      ofTenPercent: config.loss_of_10_percent,
      ofThirtyPercent: config.loss_of_30_percent,
      ofHalf: config.loss_of_50_percent,
    },
    burstableLoad: config.burstable_load,
    daemonSets: { cpuMilli: config.daemonset_cpu * 1000, memoryBytes: config.daemonset_memory },
    unservedWeight: config.unserved_weight,
    worstPoolWeight: config.worst_pool_weight,
    equalSetTolerance: config.equal_set_tolerance,
    hotPenalty: config.hot_penalty,
    onAllRejected: config.on_all_rejected,
    cooldownMs: config.cooldown,
    spotFailures: config.spot_failures,
    spotWaitMs: config.spot_wait,
  };
}

import type { ServeConfig } from '../../config/serve-config.ts';
import { defaultPolicy, type Policy } from '../../decision/policy.ts';

/** The policy that an operator's settings ask for; everything else stays as documented. */
export function decisionPolicy(config: ServeConfig): Policy {
  return {
    ...defaultPolicy,
    maxCrashProbability: config.max_crash_probability,
    maxHistoricInterruptRate: config.max_historic_interrupt_rate,
    yieldProbability: config.yield_probability,
    affinityWeight: config.affinity_weight,
    spreadWeight: config.spread_weight,
    reuseShare: config.reuse_share,
    nodeTail: config.node_tail,
    interruptionHours: config.interruption_hours,
    unservedWeight: config.unserved_weight,
    worstPoolWeight: config.worst_pool_weight,
    costReference: config.cost_reference,
    equalSetTolerance: config.equal_set_tolerance,
    hotPenalty: config.hot_penalty,
    onAllRejected: config.on_all_rejected,
    cooldownMs: config.cooldown,
  };
}

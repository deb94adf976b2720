import { hazardPerHour, typicalHazardPerHour } from './advisor-prior.ts';
import type { Assessed, NodePrice } from './decision-context.ts';
import type { Policy } from './policy.ts';

/**
 * What interruptions cost a node, USD per hour: how often it is interrupted × `interruptionHours` at its on-demand price, so
 * that prices in another currency change no order.
 */
export function interruptionPerHour(candidate: Assessed, price: NodePrice, policy: Policy): number {
  const onDemandPerHour = price.onDemandPerHour ?? price.perHour / policy.assumedSpotShare;
  return hazardOf(candidate, policy) * policy.interruptionHours * onDemandPerHour;
}

/**
 * Interruptions of one node an hour: what the fleet itself met where it is watched, whichever the risk model is; else the Spot
 * Advisor's band. A trained model's probability is of a price rise, which interrupts nobody.
 */
function hazardOf(
  { capacityType, risk, fleetHazard, historicInterruptRate, onDemandShare }: Assessed,
  policy: Policy,
): number {
  if (capacityType === 'on-demand') return 0;
  if (fleetHazard !== undefined) return fleetHazard;
  if (risk.source === 'fleet-hazard')
    return -Math.log(1 - Math.min(0.999, risk.expectedFrequency)) / Math.max(1, policy.riskHorizonHours);
  if (risk.source === 'none' || historicInterruptRate === undefined)
    return typicalHazardPerHour * (1 - onDemandShare);
  return hazardPerHour(historicInterruptRate);
}

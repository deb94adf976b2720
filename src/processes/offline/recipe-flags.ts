import type { LabelRule } from '../../learning/label.ts';
import type { FitOptions } from '../../offline/training/grown-graph.ts';
import type { CommandContext } from '../command-context.ts';
import { fitOptions, labelRule, minPriceFlag, numberFlag } from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';

/** What is learnt, how, and how it is judged. */
export interface Recipe {
  readonly rule: LabelRule;
  readonly fit: FitOptions;
  /** USD per hour. */
  readonly minPricePerHour: number;
  readonly windowDays: number;
  /** Draws of whole days behind each interval. */
  readonly draws: number;
}

/** All of it before the history is read: a flag that is wrong is told at once. @throws UsageError */
export function recipeFlags(flags: Flags, context: CommandContext): Recipe {
  return {
    rule: labelRule(flags),
    fit: fitOptions(flags, context),
    minPricePerHour: minPriceFlag(flags),
    windowDays: windowDaysFlag(flags),
    draws: drawsFlag(flags),
  };
}

export function windowDaysFlag(flags: Flags): number {
  return numberFlag(flags, 'windowDays', 1, 36_500);
}

export function drawsFlag(flags: Flags): number {
  return numberFlag(flags, 'draws', 20, 100_000);
}

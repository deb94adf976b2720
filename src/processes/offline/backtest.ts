import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { learningSet } from '../../offline/training/learning-set.ts';
import { trialSlices } from '../../offline/training/trial-slices.ts';
import { differenceTable, sliceTable, verdictTable } from '../../offline/training/verdict-text.ts';
import { verdictOf } from '../../offline/training/verdict.ts';
import { walkForward } from '../../offline/training/walk-forward.ts';
import { backtestPublished } from './backtest-published.ts';
import { judgedMonths } from './judged-months.ts';
import type { CommandContext } from '../command-context.ts';
import { addLearningFlags, givenHistory, resultFileFlag, textFlag } from './learning-flags.ts';
import type { Flags } from './learning-flags.ts';
import { recipeFlags } from './recipe-flags.ts';

/** `spot-expander backtest`: how good models of this recipe were on months that they had not seen, beside every baseline. */
export function backtestCommand(context: CommandContext): Command {
  return addLearningFlags(new Command('backtest'))
    .description(
      'judge the recipe honestly: learn before each month, forecast it, compare with every baseline',
    )
    .option(
      '--model <file>',
      'instead of the recipe: this published model, on what came after its data, else on regions that it never saw',
    )
    .option('--origins <months>', 'months to forecast, such as 2023-10,2023-11; or how many of the last', '4')
    .option('--leave-regions-out', 'also forecast each region by models that never saw it')
    .option('--ablations', 'also without what the family says, and on the eight features of the hypothesis')
    .option('--draws <count>', 'draws of whole days behind each interval', '200')
    .option('--json <file>', 'write everything that was measured')
    .action(async (flags: Flags) => await backtest(flags, context));
}

async function backtest(flags: Flags, context: CommandContext): Promise<void> {
  if (textFlag(flags, 'model') !== undefined) {
    await backtestPublished(flags, context);
    return;
  }
  const json = resultFileFlag(flags, 'json');
  const { rule, fit, minPricePerHour, windowDays, draws } = recipeFlags(flags, context);
  const months = judgedMonths(flags);
  const history = await givenHistory(flags, context);
  const set = learningSet(history.series, {
    rule,
    onDemandPerHour: history.onDemand.table,
    minPricePerHour,
  });
  const origins = months(set.toMs, rule.horizonMs);
  const trial = await walkForward(set, {
    fit,
    origins,
    windowDays,
    leaveRegionsOut: flags['leaveRegionsOut'] === true,
    ablations: flags['ablations'] === true,
  });
  const options = {
    draws,
    seed: fit.growth.seed,
    f1Threshold: trial.f1Threshold,
  };
  const verdict = verdictOf(set, trial.rows, trial.forecasts, options);
  const leftOut =
    Object.keys(trial.leftOut).length === 0 ? undefined : verdictOf(set, trial.rows, trial.leftOut, options);
  const label = `${rule.horizonMs / 3_600_000} h / ${(100 * rule.spike).toFixed(0)} %`;
  context.writeOut(
    `\n## ${label}: ${origins.length} months, each forecast from the ${windowDays} days before it\n\n`,
  );
  context.writeOut(`${verdictTable(verdict)}\n${differenceTable(verdict)}`);
  if (leftOut !== undefined)
    context.writeOut(
      `\n## Regions that the model never saw\n\n${verdictTable(leftOut)}\n${differenceTable(leftOut)}`,
    );
  const slices = trialSlices(set, trial, options);
  context.writeOut(`\n## By region\n\n${sliceTable('region', slices.regions)}`);
  if (json !== undefined)
    writeFileSync(
      json,
      `${JSON.stringify({ label: { hours: rule.horizonMs / 3_600_000, spike: rule.spike }, origins, windowDays, history: history.report, verdict, leftOut, slices }, null, 1)}\n`,
    );
}

import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { reportText } from '../../offline/history/history-report.ts';
import { defaultMinPricePerHour, learningSet } from '../../offline/training/learning-set.ts';
import { reportPage } from '../../offline/training/report-page.ts';
import { trialReport } from '../../offline/training/trial-report.ts';
import { trialSlices } from '../../offline/training/trial-slices.ts';
import { callsText, differenceTable, sliceTable, verdictTable } from '../../offline/training/verdict-text.ts';
import { verdictOf } from '../../offline/training/verdict.ts';
import { walkForward } from '../../offline/training/walk-forward.ts';
import type { CommandContext } from '../command-context.ts';
import { progressOf } from '../progress.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { backtestPublished, type BacktestSettings } from './backtest-published.ts';
import { learningHistory, spanOfFlags } from './learning-history.ts';
import { judgedMonths } from './judged-months.ts';
import { backtestSettings } from './learning-settings.ts';
import { fitOptionsOf, labelRuleOf } from './recipe.ts';

/** `spot-expander backtest`: how good models of this recipe were on months that they had not seen, beside every baseline. */
export function backtestCommand(context: CommandContext): Command {
  return withSettings(new Command('backtest'), backtestSettings)
    .description(
      'judge the recipe honestly: learn before each month, forecast it, compare with every baseline',
    )
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings(backtestSettings, options, context);
      await (settings.model === undefined
        ? backtest(settings, context)
        : backtestPublished(settings, settings.model, context));
    });
}

async function backtest(settings: BacktestSettings, context: CommandContext): Promise<void> {
  const span = spanOfFlags(settings);
  const months = judgedMonths(settings.origins);
  const progress = progressOf(context);
  const rule = labelRuleOf(settings);
  const history = await learningHistory(settings, span, progress, context.signal);
  const set = learningSet(history.series, {
    rule,
    onDemandPerHour: history.onDemand.table,
    minPricePerHour: settings.min_price ?? defaultMinPricePerHour,
  });
  const origins = months(set.toMs, rule.horizonMs);
  const fit = fitOptionsOf(settings, context.signal, (share) =>
    progress.at('learning and forecasting', share, 1),
  );
  const trial = await walkForward(set, {
    fit,
    origins,
    windowDays: settings.window_days,
    leaveRegionsOut: settings.leave_regions_out,
    ablations: settings.ablations,
  }).finally(progress.end);
  const options = { draws: settings.draws, seed: settings.seed, f1Threshold: trial.f1Threshold };
  const verdict = verdictOf(set, trial.rows, trial.forecasts, options);
  const leftOut =
    Object.keys(trial.leftOut).length === 0 ? undefined : verdictOf(set, trial.rows, trial.leftOut, options);
  const label = `${settings.label_hours} h / ${(100 * rule.spike).toFixed(0)} %`;
  context.writeOut(
    `\n## ${label}: ${origins.length} months, each forecast from the ${settings.window_days} days before it\n\n`,
  );
  context.writeOut(`${verdictTable(verdict)}${callsText(verdict)}\n${differenceTable(verdict)}`);
  if (leftOut !== undefined)
    context.writeOut(
      `\n## Regions that the model never saw\n\n${verdictTable(leftOut)}\n${differenceTable(leftOut)}`,
    );
  const slices = trialSlices(set, trial, options);
  context.writeOut(`\n## By region\n\n${sliceTable('region', slices.regions)}`);
  if (settings.json !== undefined)
    writeFileSync(
      settings.json,
      `${JSON.stringify({ label: { hours: settings.label_hours, spike: rule.spike }, origins, windowDays: settings.window_days, history: history.report, verdict, leftOut, slices }, null, 1)}\n`,
    );
  if (settings.html !== undefined) {
    const lines = reportText(history.report).trim().split('\n');
    writeFileSync(settings.html, reportPage(trialReport(set, trial, verdict, slices, undefined, lines)));
    context.writeOut(`\nThe page with plots is ${settings.html}.\n`);
  }
}

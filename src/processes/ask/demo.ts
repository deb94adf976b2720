import { Command } from 'commander';
import type { EvaluateResponse, PoolFacts, SpotAdvisor } from '../../api/messages.ts';
import { readableEvaluation } from '../../api/readable.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { addSettingFlags } from '../../config/setting-flags.ts';
import { flag } from '../../config/setting.ts';
import { yesOrNo } from '../../config/value-types.ts';
import { configFileSettings } from '../../config/settings-file.ts';
import { advisorPrior } from '../../decision/advisor-prior.ts';
import { defaultPolicy } from '../../decision/policy.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { asUsage } from './advisor-access.ts';
import { localAdvisor, type LocalAdvisor } from './local-advisor.ts';

const demoSettings = {
  json: flag(yesOrNo, 'false', '', 'the answers of the API as JSON'),
  ...configFileSettings,
} as const;

type Options = Readonly<Record<string, unknown>>;

/** One scenario: a running instance, what AWS told of it, and what is decided. */
interface Scenario {
  readonly title: string;
  readonly pool: string;
  readonly answer: EvaluateResponse;
}

/** `spot-expander demo`: one running instance for each decision, from the pipeline alone; nothing is served, watched or changed. */
export function demoCommand(context: CommandContext, openLocal: LocalAdvisor = localAdvisor): Command {
  const command = withSettings(
    new Command('demo'),
    { table: demoSettings },
    '0 all four decisions were shown, 1 one could not be shown or failed, 2 used wrongly',
  );
  return addSettingFlags(command, decisionSettings)
    .description('show one scenario of each decision on a running instance: STAY, SWITCH, DRAIN, EVACUATE')
    .action(async (options: Options) => {
      const { json } = readSettings({ table: demoSettings }, options, context);
      const opened = await openLocal(options, context);
      try {
        for (const note of opened.notes) context.writeError(`${note}\n`);
        const scenarios = await scenariosOf(opened.advisor, options, context, openLocal);
        const decisions = new Set(scenarios.map(({ answer }) => answer.decision));
        context.writeOut(
          json ? `${JSON.stringify(scenarios, null, 2)}\n` : scenariosText(scenarios, context.paint),
        );
        if (decisions.size === 4) return;
        context.writeError('No pool that is known is a scenario for every decision; see above.\n');
        context.setExitCode(1);
      } finally {
        await opened.close();
      }
    });
}

/** What every answer says is said once, at the end. */
function scenariosText(scenarios: readonly Scenario[], paint: CommandContext['paint']): string {
  const [first] = scenarios;
  const shared = (first?.answer.degradation.reasons ?? []).filter((reason) =>
    scenarios.every(({ answer }) => answer.degradation.reasons.includes(reason)),
  );
  const texts = scenarios.map(({ title, pool, answer }) => {
    const { degradation } = answer;
    const own = degradation.reasons.filter((reason) => !shared.includes(reason));
    const shown = { ...answer, degradation: { ...degradation, reasons: own } };
    return `\n${pool}, ${title}\n${readableEvaluation(shown, paint)}`;
  });
  return [...texts, '\n', ...shared.map((reason) => `${reason}\n`)].join('');
}

async function scenariosOf(
  advisor: SpotAdvisor,
  options: Options,
  context: CommandContext,
  openLocal: LocalAdvisor,
): Promise<readonly Scenario[]> {
  const pools = await knownPools(advisor);
  // By what the gate judges, the evidence of interruptions; pools of one band by their prices' forecast.
  const byRisk = pools
    .filter(({ crash_probability, spot_price }) => crash_probability !== null && spot_price !== null)
    .sort(
      (a, b) =>
        (a.historic_interrupt_rate ?? 0) - (b.historic_interrupt_rate ?? 0) ||
        (a.crash_probability ?? 0) - (b.crash_probability ?? 0),
    );
  const calm = byRisk[0] ?? pools[0];
  if (calm === undefined) return [];
  const asked = async (
    pool: string,
    aws_signal: 'NONE' | 'REBALANCE' | 'TERMINATION',
    title: string,
  ): Promise<Scenario> => ({ title, pool, answer: await asUsage(advisor.evaluate({ pool, aws_signal })) });
  const switching = await switchScenario(byRisk.slice(-20).reverse(), advisor, options, context, openLocal);
  return [
    await asked(calm.pool, 'NONE', 'the calmest pool, and AWS says nothing'),
    ...(switching === undefined ? [] : [switching]),
    await asked(calm.pool, 'REBALANCE', 'and AWS recommends a rebalance'),
    await asked(calm.pool, 'TERMINATION', 'and AWS gives two minutes'),
  ];
}

/** The riskiest pool that something better stands in for. Where none reaches the gate, the gate is set lower, and said so. */
async function switchScenario(
  riskiest: readonly PoolFacts[],
  advisor: SpotAdvisor,
  options: Options,
  context: CommandContext,
  openLocal: LocalAdvisor,
): Promise<Scenario | undefined> {
  for (const { pool } of riskiest) {
    const answer = await asUsage(advisor.evaluate({ pool }));
    if (answer.decision === 'SWITCH')
      return { pool, answer, title: 'the riskiest pool, and AWS says nothing' };
  }
  // What is to be expected of a pool lies below its band where its family and other regions are calmer: the gates of the bands in turn.
  for (const monthlyRate of [0.25, 0.175, 0.125, 0.075]) {
    const { crashProbability } = advisorPrior(monthlyRate, defaultPolicy.riskHorizonHours);
    // Three digits, as it is shown; a gate is reached by what equals it.
    const gate = Math.floor(crashProbability * 1_000) / 1_000;
    const lowered = await openLocal({ ...options, maxCrashProbability: String(gate) }, context);
    try {
      for (const { pool } of riskiest) {
        const answer = await asUsage(lowered.advisor.evaluate({ pool }));
        if (answer.decision === 'SWITCH')
          return {
            pool,
            answer,
            title: `the riskiest pool of a calm time, with the safety gate at ${gate} (--max-crash-probability) so that it speaks`,
          };
      }
    } finally {
      await lowered.close();
    }
  }
  return undefined;
}

async function knownPools(advisor: SpotAdvisor): Promise<readonly PoolFacts[]> {
  const pools: PoolFacts[] = [];
  for (let token = ''; ;) {
    const page = await advisor.listPools({ page_size: 1_000, page_token: token });
    pools.push(...page.pools);
    token = page.next_page_token;
    if (token === '') return pools;
  }
}

import { randomInt } from 'node:crypto';
import { decisionIds } from '../../api/decision-ids.ts';
import { decisionLog } from '../../server/advisor/decision-log.ts';
import { spotAdvisor } from '../../server/advisor/spot-advisor.ts';
import { serveConfig, type ServeConfig } from '../../config/serve-config.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { settingFlags } from '../../config/setting-flags.ts';
import { UsageError } from '../../errors/usage-error.ts';
import type { ReplayBasis } from '../../server/recording/replay.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import type { CommandContext } from '../command-context.ts';
import type { OpenedAdvisor } from './opened-advisor.ts';
import { decisionPolicy } from '../serve/decision-policy.ts';
import { openKnowledge } from '../serve/open-knowledge.ts';

/** The API without a server, on what this process itself can learn. */
export interface OpenedLocalAdvisor extends OpenedAdvisor {
  /** What a decision rests on here and now. */
  readonly basis: () => ReplayBasis;
}

export type LocalAdvisor = (
  options: Readonly<Record<string, unknown>>,
  context: CommandContext,
) => Promise<OpenedLocalAdvisor>;

/** How long a command waits for its sources; what is not there by then degrades the answer in named steps. */
const sourcesTimeoutMs = 15_000;

/** @throws UsageError for settings that are wrong and for a static intelligence file that cannot be used. */
export const localAdvisor: LocalAdvisor = async (options, context) => {
  const config = configOf(options, context);
  const clock = systemClock;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, context.signal]);
  const { keeper, ready } = openKnowledge({ config, clock, signal, events: {} });
  await ready(sourcesTimeoutMs);
  const { staticIntelligence, degradations, risk } = keeper.status();
  if (staticIntelligence === undefined) {
    stop.abort();
    throw new UsageError(degradations);
  }
  const policy = decisionPolicy(config);
  // Every answer says these itself.
  const earlierRemarks = new Set(keeper.current().remarks);
  return {
    advisor: spotAdvisor({
      knowledge: keeper.current,
      offerings: keeper.offerings,
      policy,
      region: config.region,
      clock,
      decisions: decisionLog(decisionIds(clock.nowMs, () => randomInt(2 ** 31) / 2 ** 31)),
      onDecision: () => undefined,
    }),
    basis: () => ({ knowledge: keeper.current(), policy, nowMs: clock.nowMs() }),
    notes: [
      ...(risk.model === undefined ? [] : [`Risk model ${risk.model}.`]),
      ...degradations.filter((sentence) => !earlierRemarks.has(sentence)),
    ],
    close: () => {
      stop.abort();
      return Promise.resolve();
    },
  };
};

/** Nothing is served or watched here, so what a server in PROD must have is not asked for. */
function configOf(options: Readonly<Record<string, unknown>>, { environment }: CommandContext): ServeConfig {
  const configFile = typeof options['config'] === 'string' ? options['config'] : undefined;
  const flags = { ...settingFlags(decisionSettings, options), mode: 'TEST' };
  return serveConfig({ flags, environment, configFile, prod: false });
}

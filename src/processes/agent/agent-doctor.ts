import { diagnosis, type Finding } from '../../agent/diagnosis.ts';
import type { AgentConfig } from '../../config/agent-config.ts';
import { agentAdapters } from './agent-adapters.ts';
import type { CommandContext } from '../command-context.ts';

const signs: Readonly<Record<Finding['verdict'], string>> = { ok: 'ok  ', degraded: 'warn', broken: 'FAIL' };

/** `spot-expander agent doctor`: one line a check; exit code 1 when something is broken. */
export async function doctor(config: AgentConfig, asJson: boolean, context: CommandContext): Promise<void> {
  const { metadata, cluster, namespace } = await agentAdapters(config, context.environment);
  const findings = await diagnosis(
    metadata,
    cluster,
    config.nodeName,
    namespace,
    context.signal,
    config.settings.identify_by,
  );
  if (asJson) context.writeOut(`${JSON.stringify(findings, null, 2)}\n`);
  else
    for (const { check, verdict, detail } of findings)
      context.writeOut(`${signs[verdict]}  ${check}: ${detail}\n`);
  if (findings.some(({ verdict }) => verdict === 'broken')) context.setExitCode(1);
}

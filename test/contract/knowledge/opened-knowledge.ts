import { serveConfig } from '../../../src/config/serve-config.ts';
import { openKnowledge, type OpenedKnowledge } from '../../../src/processes/serve/open-knowledge.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';

/** The knowledge of a server in TEST with these settings and nothing of its own, once it is there; until the signal. */
export async function openedKnowledge(
  settings: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<OpenedKnowledge> {
  const config = serveConfig({
    flags: { mode: 'TEST', ...settings },
    environment: {},
    configFile: undefined,
    prod: false,
  });
  const knowledge = openKnowledge({ config, clock: systemClock, signal, events: {}, standIns: true });
  await knowledge.ready(20_000);
  return knowledge;
}

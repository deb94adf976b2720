import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { freePort } from '../../test/e2e/served.ts';
import { until } from '../../test/peers/until.ts';
import type { Check } from './check.ts';
import type { NamedExpression } from './name-checks.ts';
import type { RunningProcesses } from './running-processes.ts';

const answer = z.union([
  z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.unknown()) }) }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);

export function hasPrometheus(): boolean {
  return spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * A real Prometheus scrapes the running processes through a few scale-ups and an interruption, and is asked every expression.
 * What keeps only faults (`… > 0`) shows nothing, as it should; everything else shows something.
 */
export async function liveQueryChecks(
  expressions: readonly NamedExpression[],
  processes: RunningProcesses,
): Promise<readonly Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spot-expander-prometheus-'));
  const port = await freePort();
  writeFileSync(
    join(folder, 'prometheus.yml'),
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [
        { job_name: 'all', static_configs: [{ targets: processes.targets, labels: { namespace: 'n' } }] },
      ],
    }),
  );
  const prometheus = spawn(
    'prometheus',
    ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    { cwd: folder, stdio: 'ignore' },
  );
  const asked = async (expression: string) => {
    const response = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`,
      { signal: AbortSignal.timeout(5_000) },
    );
    return answer.parse(await response.json());
  };
  const count = async (expression: string): Promise<number> => {
    const found = await asked(expression).catch(() => undefined);
    return found?.status === 'success' ? found.data.result.length : 0;
  };
  try {
    await until('both to be scraped', async () => (await count('up == 1')) === 2, 20_000);
    for (let call = 0; call < 3; call += 1) await processes.scaleUp();
    processes.interrupt();
    await until('the drain to be seen', async () => (await count(emptied)) === 1, 20_000);
    await sleep(2_500);
    return await Promise.all(
      expressions.map(async ({ name, expression }): Promise<Check> => {
        const found = await asked(expression.replaceAll('[5m]', '[1m]').replaceAll('[6h]', '[1m]'));
        const fact = `Prometheus answers ${name}`;
        if (found.status === 'error') return { fact, problems: [found.error] };
        const isEmpty = found.data.result.length === 0 && !/> 0$/.test(expression);
        return { fact, problems: isEmpty ? [`${expression} shows nothing`] : [] };
      }),
    );
  } finally {
    prometheus.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

const emptied = 'spot_agent_notice_to_empty_seconds_count == 1';

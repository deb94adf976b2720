import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { repository } from '../go-tools.ts';
import type { Tally } from './tally.ts';

interface TestEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

const outcomes = ['pass', 'fail', 'skip'];

/** Runs the Go tests: the client model against scripted servers, then against the built one. */
export async function scaleUps(server: readonly string[] | undefined): Promise<Tally> {
  const child = spawn('go', ['test', '-json', '-count=1', '-parallel=8', '-timeout=300s', './...'], {
    cwd: `${repository}test/conformance`,
    env: {
      ...process.env,
      ...(server === undefined ? {} : { SPOT_EXPANDER_COMMAND: JSON.stringify(server) }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const results = new Map<string, string>();
  const said = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const event = parsedEvent(line);
    if (event === undefined) {
      console.log(line);
      continue;
    }
    const name = `${event.Package ?? ''} ${event.Test ?? ''}`;
    if (event.Action === 'output' || event.Action === 'build-output')
      said.set(name, (said.get(name) ?? '') + (event.Output ?? ''));
    if (event.Test !== undefined && outcomes.includes(event.Action)) results.set(name, event.Action);
    if (event.Action === 'fail') console.log(said.get(name) ?? '');
  }
  const code = await ended;
  const leaves = [...results].filter(
    ([name]) => ![...results.keys()].some((other) => other.startsWith(`${name}/`)),
  );
  const count = (outcome: string): number => leaves.filter(([, result]) => result === outcome).length;
  const tally = { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  console.log(
    `scale-ups: ${tally.passed} played, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`,
  );
  if (code !== 0 && tally.failed === 0) {
    console.log([...said.values()].join('').slice(-4_000));
    return { ...tally, failed: 1 };
  }
  return tally;
}

function parsedEvent(line: string): TestEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as TestEvent;
  } catch {
    return undefined;
  }
}

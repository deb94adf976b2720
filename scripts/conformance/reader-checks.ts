import { isDeepStrictEqual } from 'node:util';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PendingPod, ScaleUpRequest } from '../../src/decision/scale-up-request.ts';
import { readBestOptions } from '../../src/wire/best-options-reader.ts';
import { builtGoCommand } from '../go-tools.ts';
import type { Tally } from './tally.ts';

/** What Kubernetes' own types and the scheduler's own arithmetic say is in a request. */
interface Contents {
  readonly distinctPods: number;
  readonly options: readonly {
    readonly nodeGroupId: string;
    readonly nodeCount: number;
    readonly pods: readonly PendingPod[];
  }[];
  readonly nodes: Readonly<Record<string, unknown>>;
}

/** Holds our reader against requests that Go wrote and described. */
export function readerChecks(): Tally {
  const directory = mkdtempSync(join(tmpdir(), 'spot-expander-expectations-'));
  try {
    const { status, stderr } = spawnSync(builtGoCommand('expectations'), ['--out', directory], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the expectations were not written: ${stderr}`);
    const names = readdirSync(directory).flatMap((file) =>
      file.endsWith('.bin') ? [file.slice(0, -4)] : [],
    );
    const failures = names.filter((name) => !agrees(join(directory, name), name));
    console.log(
      `requests of Kubernetes' own types: ${names.length - failures.length} read right, ${failures.length} wrong`,
    );
    return { passed: names.length - failures.length, failed: failures.length, skipped: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function agrees(path: string, name: string): boolean {
  const expected = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Contents;
  const request = readBestOptions(readFileSync(`${path}.bin`));
  const found = contentsOf(request);
  const whole = request.unreadable.pods === 0 && request.unreadable.nodes === 0;
  if (whole && request.pods.length <= expected.distinctPods && isDeepStrictEqual(found, rounded(expected)))
    return true;
  console.log(
    `${name}: read ${JSON.stringify({ ...found, unreadable: request.unreadable })}\n  written ${JSON.stringify(expected)}`,
  );
  return false;
}

function contentsOf(request: ScaleUpRequest): Omit<Contents, 'distinctPods'> {
  return rounded({
    options: request.options.map(({ nodeGroupId, nodeCount, pods }) => ({
      nodeGroupId,
      nodeCount,
      pods: Array.from(pods).flatMap((index) => request.pods[index] ?? []),
    })),
    nodes: Object.fromEntries(request.nodes),
  });
}

/** The scheduler counts whole milli-CPUs and whole bytes, upwards; a reader may keep the fraction. */
function rounded(contents: Omit<Contents, 'distinctPods'>): Omit<Contents, 'distinctPods'> {
  const { options, nodes } = contents;
  return JSON.parse(JSON.stringify({ options, nodes }), (_key, value: unknown) =>
    typeof value === 'number' ? Math.ceil(value - 1e-9) : value,
  ) as Contents;
}

/** `npm run lint:house`: no circle, no import that goes up; draws docs/house.svg from the imports. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { instance } from '@viz-js/viz';
import { repository } from './go-tools.ts';

const picture = join(repository, 'docs/house.svg');

function cruise(...flags: readonly string[]): { readonly isSound: boolean; readonly text: string } {
  const program = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'src', '--config', '.dependency-cruiser.js', ...flags],
    { cwd: repository, encoding: 'utf8', timeout: 300_000, maxBuffer: 64 * 1024 * 1024 },
  );
  return { isSound: status === 0, text: stdout + stderr };
}

async function drawn(): Promise<string> {
  const graph = cruise('--output-type', 'archi').text;
  return (await instance()).renderString(graph, { format: 'svg', engine: 'dot' });
}

/** What is wrong with the house, fact by fact; a picture that is of another day is one. */
export async function houseComplaints(): Promise<
  readonly { readonly fact: string; readonly complaint: string | undefined }[]
> {
  const { isSound, text } = cruise('--output-type', 'err');
  const stands = existsSync(picture) ? readFileSync(picture, 'utf8') : '';
  return [
    { fact: 'no circle, and no room imports upward', complaint: isSound ? undefined : text },
    {
      fact: 'docs/house.svg shows the house as it is',
      complaint: stands === (await drawn()) ? undefined : 'npm run lint:house draws it anew',
    },
  ];
}

if (import.meta.main) {
  const { isSound, text } = cruise('--output-type', 'err');
  process.stdout.write(text);
  process.exitCode = isSound ? 0 : 1;
  if (isSound) writeFileSync(picture, await drawn());
}

// `npm run lint:house`: no circle, no import that goes up; then docs/house.svg is drawn from the imports, or compared with `--check`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { instance } from '@viz-js/viz';

const repository = new URL('../', import.meta.url).pathname;
const picture = `${repository}docs/house.svg`;
const cruiser = `${repository}node_modules/dependency-cruiser/bin/dependency-cruiser.mjs`;

function cruise(...flags: readonly string[]): string {
  const run = spawnSync(process.execPath, [cruiser, 'src', '--config', '.dependency-cruiser.js', ...flags], {
    cwd: repository,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) {
    process.stderr.write(run.stdout + run.stderr);
    process.exit(1);
  }
  return run.stdout;
}

process.stdout.write(cruise('--output-type', 'err'));
const drawn = (await instance()).renderString(cruise('--output-type', 'archi'), {
  format: 'svg',
  engine: 'dot',
});
const stands = existsSync(picture) ? readFileSync(picture, 'utf8') : '';
if (drawn !== stands && process.argv.includes('--check')) {
  process.stderr.write('docs/house.svg is not the house as it is: npm run lint:house draws it anew\n');
  process.exit(1);
}
if (drawn !== stands) writeFileSync(picture, drawn);

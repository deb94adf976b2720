import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../peers/until.ts';
import { asker, type Asker } from './asked.ts';
import { bareEnvironment, entry, served, type Served } from './served.ts';

const documents = new URL('../../docs/', import.meta.url).pathname;
const fixtures = new URL('../fixtures/', import.meta.url).pathname;
const pages = ['operations.md', 'tuning.md', 'from-test-to-prod.md', 'security.md', 'comparison.md'];

/** Blocks of one language in a page; list items may indent them. */
function blocks(page: string, language: string): readonly string[] {
  const text = readFileSync(join(documents, page), 'utf8');
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

const commands = pages.flatMap((page) =>
  blocks(page, 'sh').flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ page, line })),
  ),
);
const configurations = pages.flatMap((page) => blocks(page, 'yaml').map((yaml, at) => ({ page, yaml, at })));

/** Everything in ```sh blocks runs as it is written; what needs a cluster or AWS stands in ```console blocks. */
describe('the operator’s pages', () => {
  let home: string;
  let folder: string;
  let server: Served;
  let client: Asker;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'spot-expander-pages-'));
    folder = join(home, 'work');
    mkdirSync(join(folder, 'recordings'), { recursive: true });
    mkdirSync(join(home, 'bin'));
    writeFileSync(
      join(home, 'bin', 'spot-expander'),
      `#!/bin/sh\nexec "${process.execPath}" "${entry}" "$@"\n`,
      {
        mode: 0o755,
      },
    );
    const recorded = join(home, 'recorded');
    server = await served(['--record', recorded], bareEnvironment(home));
    client = asker(server.port, join(home, '.local/state/spot-expander/localhost.crt'));
    const [request] = readdirSync(fixtures).filter((file) => /^real_request\..*\.bin$/.test(file));
    await client.bestOptions(readFileSync(join(fixtures, request!)));
    const recording = await until('the recording', () =>
      readdirSync(recorded).find((file) => file.endsWith('.json.gz')),
    );
    copyFileSync(join(recorded, recording), join(folder, 'recordings', '1.json.gz'));
    writeFileSync(join(folder, 'config.yaml'), 'max_crash_probability: 0.8\n');
  });
  after(async () => {
    client.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const ran = (line: string) =>
    spawnSync('bash', ['-c', line], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: bareEnvironment(home, { PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}` }),
    });

  it('show commands and configurations', () => {
    expect(commands.length).to.be.greaterThan(10);
    expect(configurations.length).to.be.greaterThan(4);
  });

  for (const { page, line } of commands)
    it(`${page}: ${line}`, function () {
      this.timeout(40_000);
      const here = line
        .replaceAll('localhost:9443', `localhost:${server.port}`)
        .replaceAll('localhost:8000', `localhost:${server.httpPort}`)
        .replace(/^curl /, 'curl --fail-with-body ');
      const { status, stdout, stderr } = ran(here);
      expect(status, `${stdout}\n${stderr}`).to.equal(0);
      expect(stdout).not.to.equal('');
    });

  for (const { page, yaml, at } of configurations)
    it(`${page}: configuration ${at + 1} is one that serve takes`, () => {
      writeFileSync(join(folder, 'shown.yaml'), yaml);
      const { status, stderr } = ran('spot-expander config check --config shown.yaml');
      expect(status, stderr).to.equal(0);
    });
});

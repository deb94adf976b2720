import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bareEnvironment, run } from './served.ts';

interface Answer {
  readonly candidates: readonly { readonly id: string }[];
}

describe('the program, asked on the command line', () => {
  const home = mkdtempSync(join(tmpdir(), 'commands-'));
  const environment = bareEnvironment(home);
  after(() => rm(home, { recursive: true, force: true }));

  it('ranks as JSON on standard output and tells of its sources on standard error', async () => {
    const ranked = run(['rank', 'c5.large@ap-south-1a', 'm5.large@ap-south-1c', '--json'], environment);
    expect(await ranked.exitCode).to.equal(0);
    const { candidates } = JSON.parse(ranked.lines.join('\n')) as Answer;
    expect(candidates.map(({ id }) => id)).to.have.members(['c5.large@ap-south-1a', 'm5.large@ap-south-1c']);
    expect(ranked.stderr()).to.include('Risk model');
  });

  it('evaluates in a table', async () => {
    const evaluated = run(['evaluate', 'c5.large@ap-south-1a', '--signal', 'TERMINATION'], environment);
    expect(await evaluated.exitCode).to.equal(0);
    expect(evaluated.lines[0]).to.match(/^EVACUATE: /);
  });

  for (const [args, code, says] of [
    [['rank', 'c5.lrge@ap-south-1a'], 2, 'did you mean c5.large'],
    [['rank', 'c5.large@ap-south-1a', '--nonsense'], 2, 'unknown option'],
    [['agent', '--nonsense'], 2, 'unknown option'],
    [['agent', 'doctor', '--nonsense'], 2, 'unknown option'],
    [['explain', '--server', 'localhost:1', '--timeout', '500ms'], 1, 'localhost:1'],
  ] as const) {
    it(`ends with ${code}: ${args.join(' ')}`, async () => {
      const ended = run(args, environment);
      expect([await ended.exitCode, ended.lines]).to.deep.equal([code, []]);
      expect(ended.stderr()).to.include(says);
      expect(ended.stderr()).not.to.include('    at ');
    });
  }
});

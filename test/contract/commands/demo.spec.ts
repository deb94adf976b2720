import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { demoCommand } from '../../../src/processes/ask/demo.ts';
import { runWith } from './run-command.ts';

describe('the stand-alone run of the pipeline', function () {
  this.timeout(20_000);
  const home = mkdtempSync(join(tmpdir(), 'demo-'));
  after(() => rmSync(home, { recursive: true, force: true }));

  it('shows one scenario of each decision, by the model, and says once of when its facts are', async () => {
    const { out, exitCode, error } = await runWith([demoCommand], home, ['demo']);
    expect(exitCode, error).to.equal(0);
    expect([...out.matchAll(/^([A-Z]+): /gm)].map(([, decision]) => decision)).to.deep.equal([
      'STAY',
      'SWITCH',
      'DRAIN',
      'EVACUATE',
    ]);
    expect(out.match(/answered by +model/g)).to.have.length(4);
    expect(out).to.match(/better pool +\S+@ap-south-1/);
    expect(out.match(/Risk is told as of/g)).to.have.length(1);
  });

  it('sets the gate lower, and says so, where no pool reaches it', async () => {
    const args = ['demo', '--max-crash-probability', '1', '--json'];
    const { out, exitCode, error } = await runWith([demoCommand], home, args);
    expect(exitCode, error).to.equal(0);
    const scenarios = JSON.parse(out) as { title: string; answer: { decision: string } }[];
    expect(scenarios.map(({ answer }) => answer.decision)).to.deep.equal([
      'STAY',
      'SWITCH',
      'DRAIN',
      'EVACUATE',
    ]);
    expect(scenarios[1]?.title).to.match(/with the safety gate at 0\.\d+/);
  });
});

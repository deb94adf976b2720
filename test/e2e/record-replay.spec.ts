import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { asker } from './asked.ts';
import { bareEnvironment, run, served, type Served } from './served.ts';

interface Replayed {
  readonly same_answer: boolean;
  readonly then: { readonly decision_id: string; readonly answer: readonly string[] };
  readonly now: { readonly answer: readonly string[] };
}

describe('serve --record and rank --replay', () => {
  const home = mkdtempSync(join(tmpdir(), 'record-replay-'));
  const recordings = join(home, 'recordings');
  const environment = bareEnvironment(home);
  let server: Served;

  before(async () => {
    server = await served(['--record', recordings], environment);
  });
  after(async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('run a scale-up that was answered again, with the same answer', async () => {
    const client = asker(server.port, join(home, '.local', 'state', 'spot-expander', 'localhost.crt'));
    const fixture = new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url);
    const answered = await client.bestOptions(readFileSync(fixture));
    client.close();
    server.signal('SIGTERM');
    expect(await server.exitCode).to.equal(0);

    const files = readdirSync(recordings);
    expect(files).to.have.length(1);
    const [file = ''] = files;
    const replay = run(['rank', '--replay', join(recordings, file), '--json'], environment);
    expect(await replay.exitCode).to.equal(0);
    const { same_answer, then, now } = JSON.parse(replay.lines.join('\n')) as Replayed;
    expect([same_answer, then.answer, now.answer]).to.deep.equal([true, answered, answered]);
    expect(file).to.equal(`${then.decision_id}.json.gz`);
    expect(server.lines.filter((line) => line.includes(then.decision_id))).to.have.length(1);
  });
});

describe('serve --record on a disk that refuses', () => {
  const home = mkdtempSync(join(tmpdir(), 'record-refused-'));
  let server: Served;

  before(async () => {
    // A directory below a device cannot be made by anybody, root included.
    server = await served(['--record', '/dev/null/recordings'], bareEnvironment(home));
  });
  after(async () => {
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('answers all the same, and counts what it could not keep', async () => {
    const client = asker(server.port, join(home, '.local', 'state', 'spot-expander', 'localhost.crt'));
    const fixture = readFileSync(new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url));
    for (let call = 0; call < 3; call += 1) expect(await client.bestOptions(fixture)).to.have.length(1);
    client.close();
    await server.line(
      (line) => line.includes('recording is off for a while'),
      'saying that recording is off',
    );
    const metrics = await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text();
    expect(metrics).to.match(/spot_recordings_total\{result="failed"\} 1\n/);
    expect(metrics).to.match(/spot_recordings_total\{result="dropped"\} 2\n/);
  });
});

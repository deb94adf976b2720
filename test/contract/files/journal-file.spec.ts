import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { journalFile } from '../../../src/adapters/files/journal-file.ts';
import type { JournalEntry } from '../../../src/ports/fleet-journal.ts';

const notice = (id: string): JournalEntry => ({
  kind: 'notice',
  pool: 'c5.large@ap-south-1a',
  signal: 'TERMINATION',
  id,
  atMs: 1,
});

describe('journal file', () => {
  let path: string;
  beforeEach(() => (path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'deep', 'fleet.jsonl')));

  it('is empty before anything is written', async () => {
    expect(await journalFile(path, 1_000).read()).to.deep.equal([]);
  });

  it('gives back what was written, over a restart', async () => {
    await journalFile(path, 1_000).append([
      notice('a'),
      { kind: 'hours', pool: 'c5.large@ap-south-1a', hours: 1.5, atMs: 2 },
    ]);
    expect(await journalFile(path, 1_000).read()).to.have.length(2);
  });

  it('gives back launches that brought nothing, and sums with and without what earlier versions did not know', async () => {
    const pool = 'c5.large@ap-south-1a';
    const sums = { kind: 'total', pool, hours: 3, interruptions: 1, rebalances: 0, atMs: 4 } as const;
    const entries: readonly JournalEntry[] = [
      { kind: 'shortage', pool, atMs: 3 },
      sums,
      { ...sums, shortages: 0.5, interruptedAtMs: 1, emptyAtMs: 3 },
      { kind: 'span', pool, sinceMs: 0, untilMs: 4, hours: 2, interruptions: 1, atMs: 4 },
    ];
    await journalFile(path, 1_000).append(entries);
    expect(await journalFile(path, 1_000).read()).to.deep.equal(entries);
  });

  it('leaves a torn last line out and goes on after it', async () => {
    await journalFile(path, 1_000).append([notice('a')]);
    appendFileSync(path, '{"kind":"notice","po');
    const journal = journalFile(path, 1_000);
    expect(await journal.read()).to.deep.equal([notice('a')]);
    await journal.append([notice('b')]);
    expect(await journalFile(path, 1_000).read()).to.deep.equal([notice('a'), notice('b')]);
  });

  it('begins a line of its own after a write that failed half-way, as on a full disk', async () => {
    const journal = journalFile(path, 1_000);
    await journal.append([notice('a')]);
    const written = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
    expect(await journal.append([notice('b')]).then(String, (error: unknown) => error)).to.be.instanceOf(
      Error,
    );
    rmSync(path, { recursive: true });
    writeFileSync(path, `${written.toString()}{"kind":"notice","po`);
    await journal.append([notice('c')]);
    expect(await journalFile(path, 1_000).read()).to.deep.equal([notice('a'), notice('c')]);
  });

  it('reads nothing out of lines that are not its own', async () => {
    await journalFile(path, 1_000).append([notice('a')]);
    writeFileSync(
      path,
      `[]\nnull\n{"kind":"hours","pool":"x","hours":1,"atMs":1}\n{"kind":"hours","pool":"a@b","hours":-1,"atMs":1}\n${readFileSync(path, 'utf8')}`,
    );
    expect(await journalFile(path, 1_000).read()).to.deep.equal([notice('a')]);
  });

  it('says when it is full and can be replaced by its sum', async () => {
    const journal = journalFile(path, 300);
    while (!journal.isFull()) await journal.append([notice('a')]);
    const before = statSync(path).size;
    await journal.replace([notice('sum')]);
    expect(journal.isFull()).to.equal(false);
    expect(statSync(path).size).to.be.lessThan(before);
    expect(await journalFile(path, 300).read()).to.deep.equal([notice('sum')]);
  });

  it('survives kill −9 while it is being written: everything that was acknowledged is there', async () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    const script = `
      const { journalFile } = await import(${JSON.stringify(join(root, 'src/adapters/files/journal-file.ts'))});
      const journal = journalFile(${JSON.stringify(path)}, 1e9);
      for (let id = 0; ; id += 1) {
        await journal.append([{ kind: 'notice', pool: 'a@b', signal: 'REBALANCE', id: String(id), atMs: 1 }]);
        process.stdout.write(id + '\\n');
      }`;
    const child = spawn(join(root, 'node_modules/.bin/node'), ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      said += chunk.toString();
      if (said.split('\n').length > 30) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const acknowledged = Number(said.trimEnd().split('\n').at(-1));
    const kept = await journalFile(path, 1e9).read();
    expect(kept.length).to.be.greaterThan(acknowledged);
  });

  it('leaves out lines that no entry can be, and reads no file that is far past its bound', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    const real = JSON.stringify({ kind: 'shortage', pool: 'c5.large@ap-south-1a', atMs: 1 });
    writeFileSync(path, `${JSON.stringify({ ...JSON.parse(real), more: 'x'.repeat(250_000) })}\n${real}\n`);
    expect(await journalFile(path, 1_000_000).read()).to.have.length(1);
    const small = journalFile(path, 1_000);
    const refusal: unknown = await small.read().catch((error: unknown) => error);
    expect(refusal).to.match(/has \d+ bytes, 8 times 1000 at most are read: it is written anew/);
    expect(small.isFull()).to.equal(true);
  });

  it('clears away what a kill in the middle of a replacement has left, and nothing of others', async () => {
    const journal = journalFile(path, 1_000);
    await journal.append([notice('a')]);
    writeFileSync(`${path}.${randomUUID()}.new`, 'half');
    writeFileSync(join(path, '..', `other.${randomUUID()}.new`), 'of another');
    expect(await journalFile(path, 1_000).read()).to.deep.equal([notice('a')]);
    expect(readdirSync(join(path, '..')).filter((name) => name.startsWith(basename(path)))).to.deep.equal([
      basename(path),
    ]);
    expect(readdirSync(join(path, '..'))).to.have.length(2);
  });
});

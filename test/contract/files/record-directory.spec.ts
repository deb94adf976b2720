import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import {
  compressedText,
  recordDirectory,
  recordingText,
} from '../../../src/adapters/files/record-directory.ts';

const { signal } = new AbortController();

describe('the record directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'recordings-')), 'made', 'by', 'it');
  });
  afterEach(() => rm(join(directory, '..', '..', '..'), { recursive: true }));

  it('makes itself, lists what it holds oldest first, and removes', async () => {
    const store = recordDirectory(directory);
    expect(await store.list('', signal)).to.deep.equal([]);
    await store.put('b.json.gz', new Uint8Array(20), signal);
    await store.put('a.json.gz', new Uint8Array(10), signal);
    expect(await store.list('', signal)).to.deep.equal([
      { key: 'a.json.gz', bytes: 10 },
      { key: 'b.json.gz', bytes: 20 },
    ]);
    await store.delete('a.json.gz', signal);
    await store.delete('a.json.gz', signal);
    expect((await store.list('', signal)).map(({ key }) => key)).to.deep.equal(['b.json.gz']);
  });

  it('gives back the text that was compressed', async () => {
    const store = recordDirectory(directory);
    await store.list('', signal);
    const text = JSON.stringify({ words: 'ü'.repeat(1_000) });
    await store.put('a.json.gz', await compressedText(text), signal);
    const bytes = readFileSync(join(directory, 'a.json.gz'));
    expect(bytes.length).to.be.lessThan(200);
    expect(recordingText(bytes)).to.equal(text);
    expect(recordingText(Buffer.from(text))).to.equal(text);
  });

  it('keeps recordings from other users of the machine', async () => {
    const store = recordDirectory(directory);
    await store.list('', signal);
    await store.put('a.json.gz', new Uint8Array(1), signal);
    expect((await stat(join(directory, 'a.json.gz'))).mode & 0o077).to.equal(0);
  });

  it('clears away what a kill left half written and leaves strangers alone', async () => {
    const store = recordDirectory(directory);
    await store.put('a.json.gz', new Uint8Array(1), signal);
    await writeFile(`${join(directory, 'b.json.gz')}.${randomUUID()}.new`, 'half');
    await writeFile(join(directory, 'notes.txt'), 'mine');
    await writeFile(join(directory, 'notes.new'), 'mine too');
    await store.list('', signal);
    expect((await readdir(directory)).sort()).to.deep.equal(['a.json.gz', 'notes.new', 'notes.txt']);
  });

  it('leaves nothing half written when a write fails', async () => {
    const store = recordDirectory(directory);
    await mkdir(join(directory, 'a.json.gz'), { recursive: true });
    expect(await store.put('a.json.gz', new Uint8Array(1), signal).catch(String)).to.include('EISDIR');
    expect(await readdir(directory)).to.deep.equal(['a.json.gz']);
  });
});

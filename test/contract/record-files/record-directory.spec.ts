import { expect } from 'chai';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import {
  compressedText,
  recordDirectory,
  recordingText,
} from '../../../src/adapters/record-files/record-directory.ts';

describe('the record directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'recordings-')), 'made', 'by', 'it');
  });
  afterEach(() => rm(join(directory, '..', '..', '..'), { recursive: true }));

  it('makes itself, lists what it holds oldest first, and removes', async () => {
    const store = recordDirectory(directory);
    expect(await store.list()).to.deep.equal([]);
    await store.write('b', new Uint8Array(20));
    await store.write('a', new Uint8Array(10));
    expect(await store.list()).to.deep.equal([
      { name: 'a', bytes: 10 },
      { name: 'b', bytes: 20 },
    ]);
    await store.remove('a');
    await store.remove('a');
    expect((await store.list()).map(({ name }) => name)).to.deep.equal(['b']);
  });

  it('gives back the text that was compressed', async () => {
    const store = recordDirectory(directory);
    await store.list();
    const text = JSON.stringify({ words: 'ü'.repeat(1_000) });
    await store.write('a', await compressedText(text));
    const bytes = readFileSync(join(directory, 'a.json.gz'));
    expect(bytes.length).to.be.lessThan(200);
    expect(recordingText(bytes)).to.equal(text);
    expect(recordingText(Buffer.from(text))).to.equal(text);
  });

  it('keeps recordings from other users of the machine', async () => {
    const store = recordDirectory(directory);
    await store.list();
    await store.write('a', new Uint8Array(1));
    expect((await stat(join(directory, 'a.json.gz'))).mode & 0o077).to.equal(0);
  });

  it('clears away what a kill left half written and leaves strangers alone', async () => {
    const store = recordDirectory(directory);
    await store.list();
    await writeFile(join(directory, 'a.json.gz.unfinished'), 'half');
    await writeFile(join(directory, 'notes.txt'), 'mine');
    expect(await store.list()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['notes.txt']);
  });

  it('leaves nothing half written when a write fails', async () => {
    const store = recordDirectory(directory);
    await store.list();
    const error: unknown = await store
      .write('no/such/place', new Uint8Array(1))
      .catch((caught: unknown) => caught);
    expect(error).to.have.property('code', 'ENOENT');
    expect(await readdir(directory)).to.deep.equal([]);
  });
});

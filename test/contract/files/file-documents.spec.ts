import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeFileAtomically } from '../../../src/adapters/files/atomic-write.ts';
import { fileDocuments } from '../../../src/adapters/files/file-documents.ts';
import type { DocumentReading } from '../../../src/ports/documents.ts';

const signal = new AbortController().signal;
const store = fileDocuments();

function directory(): string {
  return mkdtempSync(join(tmpdir(), 'file-documents-'));
}

function contentOf(reading: DocumentReading): string {
  return reading.kind === 'changed' ? Buffer.from(reading.bytes).toString('utf8') : 'unchanged';
}

function versionOf(reading: DocumentReading): string | undefined {
  return reading.kind === 'missing' ? undefined : reading.version;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no refusal';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('documents in files', () => {
  it('are read once and again when their content changes, however fast the writes follow each other', async () => {
    const path = join(directory(), 'a.json');
    let version: string | undefined;
    for (const text of ['one', 'two', 'six', 'ten']) {
      writeFileSync(path, text);
      const reading = await store.read(path, version, signal);
      expect(contentOf(reading)).to.equal(text);
      version = versionOf(reading);
      expect((await store.read(path, version, signal)).kind).to.equal('unchanged');
    }
  });

  it('are unchanged when only their times change', async () => {
    const path = join(directory(), 'a.json');
    writeFileSync(path, 'same');
    const first = await store.read(path, undefined, signal);
    utimesSync(path, 1, 1);
    expect((await store.read(path, versionOf(first), signal)).kind).to.equal('unchanged');
  });

  it('follow a symbolic link that is swapped, as a mounted ConfigMap is', async () => {
    const place = directory();
    writeFileSync(join(place, 'v1'), 'first');
    writeFileSync(join(place, 'v2'), 'other');
    utimesSync(join(place, 'v1'), 1, 1);
    utimesSync(join(place, 'v2'), 1, 1);
    const path = join(place, 'current');
    symlinkSync('v1', path);
    const first = await store.read(path, undefined, signal);
    symlinkSync('v2', join(place, 'next'));
    renameSync(join(place, 'next'), path);
    expect(contentOf(await store.read(path, versionOf(first), signal))).to.equal('other');
  });

  it('are refused with a sentence when they are a directory, a pipe, too large or away', async () => {
    const place = directory();
    execFileSync('mkfifo', [join(place, 'pipe')]);
    writeFileSync(join(place, 'large'), 'x'.repeat(101));
    const small = fileDocuments({ maxBytes: 100 });
    expect(await refusal(small.read(place, undefined, signal))).to.include('not a regular file');
    expect(await refusal(small.read(join(place, 'pipe'), undefined, signal))).to.include(
      'not a regular file',
    );
    expect(await refusal(small.read(join(place, 'large'), undefined, signal))).to.include(
      'holds 101 bytes; at most 100',
    );
    expect(await small.read(join(place, 'none'), undefined, signal)).to.deep.equal({ kind: 'missing' });
  });

  it('come back after they were away', async () => {
    const path = join(directory(), 'a.json');
    writeFileSync(path, 'here');
    const first = await store.read(path, undefined, signal);
    rmSync(path);
    expect(await store.read(path, versionOf(first), signal)).to.deep.equal({ kind: 'missing' });
    writeFileSync(path, 'back');
    expect(contentOf(await store.read(path, versionOf(first), signal))).to.equal('back');
  });

  it('written atomically leave no temporary file, and none when the write fails', async () => {
    const place = directory();
    await writeFileAtomically(join(place, 'deep', 'a.json'), 'whole');
    expect(readdirSync(join(place, 'deep'))).to.deep.equal(['a.json']);
    expect(await refusal(writeFileAtomically(join(place, 'deep'), 'onto a directory'))).not.to.equal(
      'no refusal',
    );
    expect(readdirSync(place)).to.deep.equal(['deep']);
  });
});

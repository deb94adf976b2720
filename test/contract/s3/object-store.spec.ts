import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { s3Documents } from '../../../src/adapters/s3/s3-documents.ts';
import { s3Objects, s3Place } from '../../../src/adapters/s3/s3-objects.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { s3Peer, type S3Peer } from '../../peers/s3-peer.ts';

const { signal } = new AbortController();
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
const patience = { firstPauseMs: 1, greatestPauseMs: 5 };

async function streamed(store: ObjectStore, key: string, range: { start?: number; end?: number } = {}) {
  const parts: Uint8Array[] = [];
  for await (const part of store.stream(key, signal, range)) parts.push(part);
  return Buffer.concat(parts);
}

/** What every store does alike. */
function storeBehaviour(open: () => ObjectStore): void {
  it('gives back what was put, and its version tells when it changed', async () => {
    const store = open();
    const version = await store.put('a/one.json', Buffer.from('one'), signal);
    expect(await store.read('a/one.json', undefined, signal)).to.deep.include({ kind: 'changed', version });
    expect(await store.read('a/one.json', version, signal)).to.deep.equal({ kind: 'unchanged', version });
    await store.put('a/one.json', Buffer.from('two'), signal);
    const changed = await store.read('a/one.json', version, signal);
    expect(changed.kind === 'changed' && Buffer.from(changed.bytes).toString()).to.equal('two');
  });

  it('answers that something is missing, and lists nothing where nothing is', async () => {
    expect(await open().read('no/such.json', undefined, signal)).to.deep.equal({ kind: 'missing' });
    expect(await open().list('nowhere/', signal)).to.deep.equal([]);
  });

  it('lists all pages in order, keys below its own root', async () => {
    const store = open();
    for (const name of ['e', 'b', 'd', 'a', 'c'])
      await store.put(`list/${name}.txt`, Buffer.from(name), signal);
    await store.put('other/x.txt', Buffer.from('x'), signal);
    const listed = await store.list('list/', signal);
    expect(listed).to.deep.equal(
      ['a', 'b', 'c', 'd', 'e'].map((name) => ({ key: `list/${name}.txt`, bytes: 1 })),
    );
  });

  it('streams ranges', async () => {
    const store = open();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    await store.put('big.bin', bytes, signal);
    expect((await streamed(store, 'big.bin')).equals(bytes)).to.equal(true);
    expect(
      (await streamed(store, 'big.bin', { start: 10, end: 20 })).equals(bytes.subarray(10, 20)),
    ).to.equal(true);
    expect((await streamed(store, 'big.bin', { start: 299_990 })).equals(bytes.subarray(299_990))).to.equal(
      true,
    );
    expect(await streamed(store, 'big.bin', { start: 5, end: 5 })).to.have.length(0);
  });

  it('deletes, also what is not there', async () => {
    const store = open();
    await store.put('gone.txt', Buffer.from('x'), signal);
    await store.delete('gone.txt', signal);
    await store.delete('gone.txt', signal);
    expect(await store.read('gone.txt', undefined, signal)).to.deep.equal({ kind: 'missing' });
  });
}

describe('a directory as an object store', () => {
  let directory: string;
  before(async () => (directory = await mkdtemp(join(tmpdir(), 'objects-'))));
  after(async () => await rm(directory, { recursive: true }));
  storeBehaviour(() => directoryObjects(directory));

  it('refuses keys that lead out of it', async () => {
    const failure = await directoryObjects(directory).put('../out', Buffer.from('x'), signal).catch(String);
    expect(failure).to.contain('is no key');
  });
});

describe('s3:// as an object store', () => {
  let peer: S3Peer;
  before(async () => (peer = await s3Peer('bucket')));
  after(async () => await peer.close());
  const open = () =>
    s3Objects('s3://bucket/some/prefix', {
      endpoint: peer.endpoint,
      region: 'us-east-1',
      credentials,
      patience,
    });
  storeBehaviour(open);

  it('tries again when S3 is throttling or failing', async () => {
    const store = open();
    await store.put('patient.txt', Buffer.from('x'), signal);
    peer.queueFaults('slow-down', 'internal', 'slow-down');
    expect((await store.read('patient.txt', undefined, signal)).kind).to.equal('changed');
  });

  it('goes on where a long object broke off', async () => {
    const store = open();
    const bytes = Buffer.from(Array.from({ length: 500_000 }, (_, index) => index % 241));
    await store.put('long.bin', bytes, signal);
    peer.queueFaults('cut', 'cut');
    expect((await streamed(store, 'long.bin')).equals(bytes)).to.equal(true);
    expect(peer.requests.filter((request) => request.includes('long.bin'))).to.have.length(4);
  });

  it('serves documents that cost one small request while they are unchanged', async () => {
    const documents = s3Documents({ endpoint: peer.endpoint, region: 'us-east-1', credentials, patience });
    await open().put('models/card.json', Buffer.from('one'), signal);
    const path = 's3://bucket/some/prefix/models/card.json';
    const first = await documents.read(path, undefined, signal);
    if (first.kind !== 'changed') throw new Error(first.kind);
    expect(Buffer.from(first.bytes).toString()).to.equal('one');
    expect(await documents.read(path, first.version, signal)).to.deep.equal({
      kind: 'unchanged',
      version: first.version,
    });
    await open().put('models/card.json', Buffer.from('two'), signal);
    expect((await documents.read(path, first.version, signal)).kind).to.equal('changed');
    expect(await documents.read('s3://bucket/none.json', undefined, signal)).to.deep.equal({
      kind: 'missing',
    });
  });

  it('says which bucket is not there', async () => {
    const store = s3Objects('s3://nobodys/x', {
      endpoint: peer.endpoint,
      region: 'us-east-1',
      credentials,
      patience,
    });
    const failure = await store.read('a', undefined, signal).catch((error: unknown) => error);
    expect(String(failure)).to.contain('SourceUnavailable').and.to.contain('nobodys');
  });

  for (const wrong of ['s3://', 's3://UPPER/x', 'http://bucket/x'])
    it(`refuses ${wrong}`, () => expect(() => s3Place(wrong)).to.throw('s3://bucket/prefix'));
});

describe('a bucket that is at home in another region', () => {
  let peer: S3Peer;
  before(async () => (peer = await s3Peer('bucket', 2, 'us-east-1')));
  after(() => peer.close());

  it('is read and written all the same', async () => {
    const store = s3Objects('s3://bucket/p', {
      endpoint: peer.endpoint,
      region: 'eu-central-1',
      credentials,
      patience,
    });
    await store.put('one.json', Buffer.from('one'), signal);
    const reading = await store.read('one.json', undefined, signal);
    expect(reading.kind === 'changed' && Buffer.from(reading.bytes).toString()).to.equal('one');
    expect(await store.read('no-such', undefined, signal)).to.deep.equal({ kind: 'missing' });
    expect(await store.list('', signal)).to.deep.equal([{ key: 'one.json', bytes: 3 }]);
  });
});

describe("s3:// against moto's S3", () => {
  const program = '.cache/python/bin/moto_server';
  let moto: ChildProcess | undefined;
  let endpoint = '';
  before(async function () {
    if (!existsSync(program)) {
      this.skip();
    }
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    moto = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    for (let tries = 0; tries < 150; tries += 1) {
      const answer = await fetch(`${endpoint}/bucket`, { method: 'PUT' }).catch(() => undefined);
      if (answer?.ok === true) return;
      await wait(100);
    }
    throw new Error('moto did not start');
  });
  after(() => void moto?.kill('SIGKILL'));
  storeBehaviour(() =>
    s3Objects('s3://bucket/prefix', { endpoint, region: 'us-east-1', credentials, patience }),
  );
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

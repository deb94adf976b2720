import { expect } from 'chai';
import {
  recorder,
  type RecorderOptions,
  type RecordingStore,
  type RecordingResult,
} from '../../../../src/server/recording/recorder.ts';
import { silentLog } from '../../../../src/telemetry/log.ts';

/** A store in memory with a capacity, as a disk has one. */
function smallStore(
  capacityBytes = 1_000,
): RecordingStore & { readonly held: Map<string, number>; fault: Error | undefined } {
  const held = new Map<string, number>();
  const store = {
    held,
    fault: undefined as Error | undefined,
    list: () =>
      store.fault === undefined
        ? Promise.resolve([...held].sort().map(([key, bytes]) => ({ key, bytes })))
        : Promise.reject(store.fault),
    put: (name: string, bytes: Uint8Array) => {
      const used = [...held.values()].reduce((sum, size) => sum + size, 0);
      if (store.fault !== undefined) return Promise.reject(store.fault);
      if (used + bytes.byteLength > capacityBytes) return Promise.reject(new Error('ENOSPC: no space left'));
      held.set(name, bytes.byteLength);
      return Promise.resolve('');
    },
    delete: (name: string) => {
      held.delete(name);
      return Promise.resolve();
    },
  };
  return store;
}

function recording(store: RecordingStore, more: Partial<RecorderOptions> = {}) {
  const results: RecordingResult[] = [];
  const warnings: string[] = [];
  const time = { nowMs: 0 };
  const one = recorder({
    store,
    compressed: (text) => Promise.resolve(new TextEncoder().encode(text)),
    maxBytes: 100,
    clock: { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    log: { ...silentLog, warn: (_, message) => void warnings.push(message) },
    onResult: (result) => void results.push(result),
    ...more,
  });
  return { one, results, warnings, time };
}

const text =
  (name: string, bytes = 40) =>
  () => ({ name, text: 'x'.repeat(bytes) });

describe('the recorder', () => {
  it('serialises after the call that records has returned', async () => {
    const store = smallStore();
    const { one, results } = recording(store);
    let serialised = false;
    one.record(() => {
      serialised = true;
      return { name: 'a', text: 'x' };
    });
    expect([serialised, store.held.size]).to.deep.equal([false, 0]);
    await one.close(1_000);
    expect([serialised, store.held.size, results]).to.deep.equal([true, 1, ['stored']]);
  });

  it('removes the oldest recordings to stay within its bound', async () => {
    const store = smallStore();
    store.held.set('0-from-before.json.gz', 50);
    const { one, results } = recording(store);
    for (const name of ['1', '2', '3']) one.record(text(name));
    await one.close(1_000);
    expect([...store.held.keys()]).to.deep.equal(['2.json.gz', '3.json.gz']);
    expect(results).to.deep.equal(['stored', 'removed', 'stored', 'removed', 'stored']);
  });

  it('drops a recording that is larger than the whole bound and keeps the others', async () => {
    const store = smallStore();
    const { one, results } = recording(store);
    one.record(text('1'));
    one.record(text('2', 101));
    await one.close(1_000);
    expect([[...store.held.keys()], results]).to.deep.equal([['1.json.gz'], ['stored', 'dropped']]);
  });

  it('is off for a while when the disk is full, counts what it does not write, and then tries again', async () => {
    const store = smallStore(30);
    const { one, results, warnings, time } = recording(store, { offMs: 1_000 });
    one.record(text('1'));
    one.record(text('2'));
    await one.close(1_000);
    expect(results).to.deep.equal(['failed', 'dropped']);
    one.record(text('3', 10));
    expect(results).to.deep.equal(['failed', 'dropped', 'dropped']);
    time.nowMs = 1_000;
    one.record(text('4', 10));
    await one.close(1_000);
    expect([results.at(-1), [...store.held.keys()], warnings.length]).to.deep.equal([
      'stored',
      ['4.json.gz'],
      1,
    ]);
  });

  it('looks at the directory again after a fault', async () => {
    const store = smallStore();
    const { one, results, time } = recording(store, { offMs: 10 });
    store.fault = new Error('EACCES: permission denied');
    one.record(text('1'));
    await one.close(1_000);
    store.fault = undefined;
    store.held.set('0-made-by-hand.json.gz', 90);
    time.nowMs = 10;
    one.record(text('2'));
    await one.close(1_000);
    expect([results, [...store.held.keys()]]).to.deep.equal([['failed', 'removed', 'stored'], ['2.json.gz']]);
  });

  it('counts a recording that cannot be serialised as failed', async () => {
    const { one, results } = recording(smallStore());
    one.record(() => {
      throw new TypeError('a cycle');
    });
    await one.close(1_000);
    expect(results).to.deep.equal(['failed']);
  });

  it('holds only so many while a disk hangs, and closes all the same', async () => {
    const never = { ...smallStore(), put: () => new Promise<string>(() => undefined) };
    const { one, results } = recording(never, { maxWaiting: 2 });
    for (const name of ['1', '2']) one.record(text(name));
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const name of ['3', '4', '5']) one.record(text(name));
    expect(results).to.deep.equal(['dropped', 'dropped']);
    await one.close(5);
  });
});

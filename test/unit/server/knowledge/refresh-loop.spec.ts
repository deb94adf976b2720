import { getEventListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { startRefreshLoop, type RefreshPlan } from '../../../../src/server/knowledge/refresh-loop.ts';
import { systemClock } from '../../../../src/telemetry/system-clock.ts';

describe('a refresh loop', () => {
  const stops: AbortController[] = [];

  function plan(over: Partial<RefreshPlan> & Pick<RefreshPlan, 'run'>): RefreshPlan {
    const stop = new AbortController();
    stops.push(stop);
    return {
      everyMs: 2,
      timeoutMs: 1_000,
      firstPauseMs: 1,
      greatestPauseMs: 5,
      onFailure: () => undefined,
      clock: systemClock,
      signal: stop.signal,
      ...over,
    };
  }

  async function until(fact: () => boolean): Promise<void> {
    while (!fact()) await wait(1);
  }

  afterEach(() => {
    for (const stop of stops.splice(0)) stop.abort();
  });

  it('runs again and again until it is stopped', async () => {
    let runs = 0;
    const stop = new AbortController();
    startRefreshLoop(
      plan({ signal: stop.signal, run: () => Promise.resolve(++runs > 0 ? 'changed' : 'unchanged') }),
    );
    await until(() => runs >= 3);
    stop.abort();
    await wait(10);
    const after = runs;
    await wait(15);
    expect(runs).to.equal(after);
  });

  it('tells of a recovery with the failures before it, and goes on when whoever is told fails', async () => {
    let runs = 0;
    const recoveries: number[] = [];
    startRefreshLoop(
      plan({
        run: () => {
          runs++;
          if (runs <= 2) throw new Error('away');
          return Promise.resolve('unchanged');
        },
        onFailure: () => {
          throw new Error('no ear');
        },
        onRecovery: (failures) => {
          recoveries.push(failures);
          throw new Error('no ear');
        },
      }),
    );
    await until(() => runs >= 6);
    expect(recoveries).to.deep.equal([2]);
  });

  it('counts failures in a row, keeps the last sentence and starts over after a success', async () => {
    let runs = 0;
    const seen: number[] = [];
    const loop = startRefreshLoop(
      plan({
        run: () => {
          runs++;
          if (runs === 4) return Promise.resolve('changed');
          throw new Error(`fault ${runs}`);
        },
        onFailure: (_error, failures) => void seen.push(failures),
      }),
    );
    await until(() => runs >= 3 && loop.status().failures === 3);
    expect(loop.status()).to.deep.equal({ lastGoodMs: undefined, failures: 3, lastFailure: 'fault 3' });
    await until(() => seen.length >= 5);
    expect(seen.slice(0, 5)).to.deep.equal([1, 2, 3, 1, 2]);
    expect(loop.status().lastGoodMs).to.be.a('number');
  });

  it('ends an attempt that heeds its signal at the time-out', async () => {
    const failures: string[] = [];
    startRefreshLoop(
      plan({
        timeoutMs: 5,
        everyMs: 10_000,
        firstPauseMs: 10_000,
        greatestPauseMs: 10_000,
        run: (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')));
          }),
        onFailure: (error) => void failures.push(String(error)),
      }),
    );
    await until(() => failures.length > 0);
    expect(failures).to.deep.equal(['Error: no answer within 5 ms']);
  });

  it('reports an attempt that cannot be stopped, never doubles it, and takes its late answer', async () => {
    let runs = 0;
    const failures: string[] = [];
    const late = Promise.withResolvers<'changed'>();
    const loop = startRefreshLoop(
      plan({
        timeoutMs: 3,
        run: () => {
          runs++;
          return late.promise;
        },
        onFailure: (error) => void failures.push(String(error)),
      }),
    );
    await loop.firstAttempt;
    expect(failures).to.deep.equal(['Error: no answer within 3 ms, and the attempt cannot be stopped']);
    await wait(30);
    expect(runs).to.equal(1);
    late.resolve('changed');
    await until(() => loop.status().failures === 0);
    await until(() => runs > 1);
  });

  it('says that its first attempt is over also when it failed or was stopped', async () => {
    await startRefreshLoop(plan({ run: () => Promise.reject(new Error('no')) })).firstAttempt;
    const stop = new AbortController();
    const hanging = startRefreshLoop(plan({ signal: stop.signal, run: () => new Promise(() => undefined) }));
    stop.abort();
    await hanging.firstAttempt;
  });

  it('leaves no listener behind on the signal it is stopped by', async () => {
    const stop = new AbortController();
    let runs = 0;
    startRefreshLoop(
      plan({
        everyMs: 0,
        signal: stop.signal,
        run: () => Promise.resolve(++runs > 0 ? 'unchanged' : 'changed'),
      }),
    );
    await until(() => runs > 20);
    expect(getEventListeners(stop.signal, 'abort').length).to.be.at.most(2);
    stop.abort();
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { askedPauseMs, pause, pauseMs, usualJitter, type Pace } from '../../../src/patience/pace.ts';
import { patiently } from '../../../src/patience/patiently.ts';

const pace: Pace = { firstPauseMs: 100, greatestPauseMs: 1_000, jitter: usualJitter };
const quick: Pace = { firstPauseMs: 1, greatestPauseMs: 2, jitter: 0 };
const never = new AbortController().signal;

describe('the pause after failures', () => {
  it('doubles from the first to the greatest', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1e9].map((failures) => pauseMs(pace, failures, 0))).to.deep.equal([
      100, 100, 200, 400, 800, 1_000, 1_000, 1_000,
    ]);
  });

  it('is shortened by chance, by no more than its share', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        chance,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, by, jitter) => {
          const whole = pauseMs({ ...pace, jitter: 0 }, n, by);
          expect(pauseMs({ ...pace, jitter }, n, by)).to.be.within(whole * (1 - jitter), whole);
        },
      ),
    );
  });

  it('is what the server asks for where that is longer, as far as the pace allows', () => {
    expect(pauseMs(pace, 1, 0.9, 700)).to.equal(700);
    expect(pauseMs(pace, 5, 0, 700)).to.equal(1_000);
    expect(pauseMs(pace, 1, 0, 3_600_000)).to.equal(1_000);
    expect(pauseMs({ ...pace, greatestAskedMs: 5_000 }, 1, 0, 3_600_000)).to.equal(5_000);
  });
});

describe('Retry-After', () => {
  const nowMs = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
  for (const [header, asked] of [
    ['7', 7_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
    ['', undefined],
    ['-5', undefined],
    ['1e9', undefined],
    ['soon', undefined],
    [null, undefined],
    [undefined, undefined],
  ] as const)
    it(`of ${JSON.stringify(header)} asks for ${asked ?? 'nothing'}`, () => {
      expect(askedPauseMs(header, nowMs)).to.equal(asked);
    });
});

describe('a pause', () => {
  it('ends at once and quietly when its signal is given, before it or during it', async () => {
    const startMs = performance.now();
    await pause(60_000, AbortSignal.abort());
    const stop = new AbortController();
    const waiting = pause(60_000, stop.signal);
    stop.abort();
    await waiting;
    expect(performance.now() - startMs).to.be.lessThan(1_000);
  });

  it('may be longer than a timer of Node can be set to', async () => {
    const stop = new AbortController();
    let isOver = false;
    const waiting = pause(Infinity, stop.signal).then(() => (isOver = true));
    await pause(10, undefined);
    expect(isOver).to.equal(false);
    stop.abort();
    await waiting;
  });
});

describe('work that is tried patiently', () => {
  it('is tried until it goes well, and each failure is told with the pause after it', async () => {
    const told: (number | undefined)[][] = [];
    const answer = await patiently(
      (attempt) => (attempt < 3 ? Promise.reject(new Error('busy')) : Promise.resolve(`at ${attempt}`)),
      {
        pace: quick,
        attempts: Infinity,
        signal: never,
        onFailure: (_, ...rest) => told.push(rest),
      },
    );
    expect([answer, told]).to.deep.equal([
      'at 3',
      [
        [1, 1],
        [2, 2],
      ],
    ]);
  });

  it('ends with what the last attempt threw, and no pause after it', async () => {
    const told: (number | undefined)[] = [];
    const failed = await patiently((attempt) => Promise.reject(new Error(`attempt ${attempt}`)), {
      pace: quick,
      attempts: 3,
      signal: never,
      onFailure: (_error, _attempt, waitMs) => told.push(waitMs),
    }).catch(String);
    expect([failed, told]).to.deep.equal(['Error: attempt 3', [1, 2, undefined]]);
  });

  it('is not tried again after what is final', async () => {
    let tries = 0;
    const failed = await patiently(() => Promise.reject(new Error(`attempt ${(tries += 1)}`)), {
      pace: quick,
      attempts: 9,
      signal: never,
      isFinal: () => tries === 2,
    }).catch(String);
    expect(failed).to.equal('Error: attempt 2');
  });

  it('ends at once when it is stopped in a pause that the server asked for', async () => {
    const stop = new AbortController();
    const startMs = performance.now();
    const failed = await patiently(() => Promise.reject(new Error('busy')), {
      pace: { ...quick, greatestAskedMs: 60_000 },
      attempts: Infinity,
      signal: stop.signal,
      askedMs: () => 60_000,
      onFailure: () => setTimeout(() => stop.abort(), 5),
    }).catch(String);
    expect(failed).to.equal('Error: busy');
    expect(performance.now() - startMs).to.be.lessThan(1_000);
  });
});

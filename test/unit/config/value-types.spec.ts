import { expect } from 'chai';
import { byteSize, durationMs, everyAddress, listenAddress } from '../../../src/config/value-types.ts';

describe('values as an operator writes them', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['2s', 2_000],
    ['1.5m', 90_000],
    ['6h', 21_600_000],
    ['7d', 604_800_000],
    ['0', 0],
    [0, 0],
  ] as const) {
    it(`reads ${text} as ${ms} ms`, () => expect(durationMs().parse(text)).to.equal(ms));
  }

  for (const text of ['', 'soon', '-1s', '5', 'NaNs', '1e9d', '2 weeks', 1500, 30]) {
    it(`refuses ${JSON.stringify(text)} as a duration`, () =>
      expect(durationMs().safeParse(text).success).to.equal(false));
  }

  for (const [text, bytes] of [
    ['512Mi', 536_870_912],
    ['2Gi', 2_147_483_648],
    ['100M', 100_000_000],
    ['12', 12],
  ] as const) {
    it(`reads ${text} as ${bytes} bytes`, () => expect(byteSize.parse(text)).to.equal(bytes));
  }

  for (const [text, host, port] of [
    ['0.0.0.0:9443', '0.0.0.0', 9443],
    [':80', everyAddress, 80],
    ['[::]:80', '::', 80],
    ['[::1]:9443', '::1', 9443],
    ['localhost:0', 'localhost', 0],
  ] as const) {
    it(`reads ${text} as an address`, () => expect(listenAddress.parse(text)).to.deep.equal({ host, port }));
  }

  for (const text of ['9443', 'host:', 'host:70000', '::1:9443']) {
    it(`refuses ${text} as an address`, () => expect(listenAddress.safeParse(text).success).to.equal(false));
  }
});

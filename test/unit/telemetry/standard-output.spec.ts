import { expect } from 'chai';
import { setTimeout as wait } from 'node:timers/promises';
import { unfailingOutput } from '../../../src/telemetry/standard-output.ts';

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('log output', () => {
  /** Takes `room` bytes, then fails as the system does. */
  function sink(first: { room: number; code: string }) {
    const state = { ...first, text: '' };
    const output = unfailingOutput(1, (_fd, bytes) => {
      if (state.room === 0) throw failing(state.code);
      const taken = Math.min(state.room, bytes.length);
      state.room -= taken;
      state.text += Buffer.from(bytes.subarray(0, taken)).toString();
      return taken;
    });
    return { state, output };
  }

  it('writes lines whole and in order', () => {
    const { state, output } = sink({ room: Infinity, code: '' });
    output.write('a\n');
    output.write('b\n');
    expect(state.text).to.equal('a\nb\n');
    expect(output.linesLost()).to.equal(0);
  });

  it('keeps lines for a reader that is slow, and a line that was taken in part goes on where it was', async () => {
    const { state, output } = sink({ room: 3, code: 'EAGAIN' });
    output.write('first\n');
    output.write('second\n');
    expect(state.text).to.equal('fir');
    state.room = Infinity;
    while (state.text !== 'first\nsecond\n') await wait(5);
    expect(output.linesLost()).to.equal(0);
  });

  it('loses lines on a full disk, counts them, never throws, and tells of it when there is room again', () => {
    const { state, output } = sink({ room: 0, code: 'ENOSPC' });
    output.write('lost\n');
    output.write('lost too\n');
    expect(output.linesLost()).to.equal(2);
    state.room = Infinity;
    output.write('again\n');
    const [again, told = ''] = state.text.split('\n');
    expect(again).to.equal('again');
    expect(JSON.parse(told)).to.include({
      level: 'warn',
      msg: '2 log lines could not be written and are lost',
    });
  });

  it('keeps no more than a megabyte for a reader that stands still', () => {
    const { output } = sink({ room: 0, code: 'EAGAIN' });
    const line = `${'x'.repeat(99_999)}\n`;
    for (let count = 0; count < 30; count += 1) output.write(line);
    expect(output.linesLost()).to.equal(20);
  });
});

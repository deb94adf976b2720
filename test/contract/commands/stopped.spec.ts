import { expect } from 'chai';
import { Command } from 'commander';
import { runProgram } from '../../../src/processes/command-line.ts';
import { commandContext } from './command-context.ts';

describe('a command that a signal ends', () => {
  const ended = async (failure: (signal: AbortSignal) => unknown) => {
    const stop = new AbortController();
    const context = commandContext('/nowhere');
    const program = new Command('spot-expander').action(() => {
      stop.abort('SIGINT');
      throw failure(stop.signal);
    });
    await runProgram(program, [], { ...context, signal: stop.signal });
    return { error: context.error(), exitCode: context.exitCode() };
  };

  for (const [name, failure] of [
    ['the reason', (signal: AbortSignal) => signal.reason as unknown],
    ['an abort', () => new DOMException('This operation was aborted', 'AbortError')],
    [
      'what an adapter made of it',
      (signal: AbortSignal) => new Error('reading x failed', { cause: signal.reason }),
    ],
  ] as const)
    it(`says so when it ends with ${name}`, async () => {
      expect(await ended(failure)).to.deep.equal({
        error: 'spot-expander: stopped by SIGINT\n',
        exitCode: 1,
      });
    });

  it('still tells of another failure', async () => {
    expect((await ended(() => new Error('the disk is full'))).error).to.equal(
      'spot-expander: the disk is full\n',
    );
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { found } from './binaries.ts';

/** A process that does not outlive this one, however this one ends; its output goes to a file. */
export async function boundProcess(
  name: string,
  args: readonly string[],
  logFile: string,
): Promise<ChildProcess> {
  const program = (await found(name)) ?? name;
  const setpriv = await found('setpriv');
  const [command, before] =
    setpriv === undefined ? [program, []] : [setpriv, ['--pdeathsig', 'KILL', program]];
  const log = openSync(logFile, 'a');
  const child = spawn(command, [...before, ...args], { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

export async function killed(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

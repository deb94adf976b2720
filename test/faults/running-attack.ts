import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AttackOrder, AttackReport } from './attack-messages.ts';
import { onAttackersCores } from './attackers-cores.ts';

const program = fileURLToPath(new URL('attack-process.ts', import.meta.url));
const endsWithinMs = 10_000;

export interface RunningAttack {
  /** Resolves when the attack stands, or when the time is over. */
  readonly stands: (withinMs: number) => Promise<void>;
  /** Ends it; what its clients saw. */
  readonly end: () => Promise<string>;
}

export function startedAttack(order: AttackOrder): RunningAttack {
  const words = [...onAttackersCores(), process.execPath, program, JSON.stringify(order)];
  const child = spawn('env', words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'close');
  const message = once(child, 'message');
  return {
    stands: async (withinMs) => {
      await Promise.race([message, ended, sleep(withinMs, undefined, { ref: false })]);
    },
    end: async () => {
      const told = once(child, 'message');
      if (child.connected) child.send('end');
      const last = (await Promise.race([told, ended, sleep(endsWithinMs)])) as [AttackReport] | undefined;
      child.kill('SIGKILL');
      await ended;
      return last?.[0]?.remark ?? 'the attackers did not end';
    },
  };
}

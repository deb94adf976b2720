import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { killed } from '../../../scripts/cluster/bound-process.ts';
import type { FabricAnswer, FabricMessage } from './fabric-messages.ts';

export interface FabricProcess {
  /** Resolves when it has been done. */
  tell(message: FabricMessage): Promise<void>;
  stop(): Promise<void>;
}

/** Starts fabric-main.ts inside of the fabric's network namespace. */
export async function fabricProcess(namespace: string): Promise<FabricProcess> {
  const main = join(import.meta.dirname, 'fabric-main.ts');
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'ip', 'netns', 'exec', namespace, process.execPath, main],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const waiting = new Map<number, () => void>();
  let serial = 0;
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the fabric's process ended with ${code}`)));
    child.on('message', (answer: FabricAnswer) => {
      if (answer.kind === 'ready') resolve();
      else {
        waiting.get(answer.id)?.();
        waiting.delete(answer.id);
      }
    });
  });
  return {
    tell(message) {
      const id = (serial += 1);
      return new Promise((resolve, reject) => {
        waiting.set(id, resolve);
        child.send({ id, message }, (error) => {
          if (error !== null) reject(error);
        });
      });
    },
    stop: () => killed(child),
  };
}

import { once } from 'node:events';
import type { CommandContext } from '../command-context.ts';
import type { AgentOrder } from './agent-order.ts';
import { AgentService } from './agent-service.ts';

/** Does what the command line asks. @throws UsageError when there is no way to the cluster. */
export async function carryOut(order: AgentOrder, context: CommandContext): Promise<void> {
  if (order.kind === 'doctor') {
    const { doctor } = await import('./agent-doctor.ts');
    return doctor(order.config, order.asJson, context);
  }
  const service = await AgentService.create(order.config, context.environment);
  await service.start();
  const stopped = once(context.signal, 'abort');
  if (!context.signal.aborted) await Promise.race([stopped, service.ended]);
  await service.stop();
}

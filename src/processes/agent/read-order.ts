import { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { runProgram } from '../command-line.ts';
import { agentCommandLine } from './agent-command.ts';
import type { AgentOrder } from './agent-order.ts';

/** What the arguments order; undefined when everything has been said already: help, or a mistake with its exit code. */
export async function readOrder(
  args: readonly string[],
  context: CommandContext,
): Promise<AgentOrder | undefined> {
  const told: AgentOrder[] = [];
  const command = agentCommandLine(context, (order) => Promise.resolve(void told.push(order)));
  await runProgram(new Command('spot-expander').addCommand(command), args, context);
  return told[0];
}

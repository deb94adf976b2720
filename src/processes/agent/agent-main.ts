import './small-memory.ts';
import { Command } from 'commander';
import { agentCommand } from './agent-command.ts';
import { processContext, runProgram } from '../command-line.ts';

/* The agent alone, bundled into one file for the DaemonSet: it loads nothing of the server. */

const context = processContext();
const program = new Command('spot-expander').addCommand(agentCommand(context));
await runProgram(program, process.argv.slice(2), context);

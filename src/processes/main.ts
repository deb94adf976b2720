#!/usr/bin/env node
import { existsSync } from 'node:fs';

const oldestNode = 24;

async function main(args: readonly string[]): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    process.stderr.write(
      `spot-expander needs Node ${oldestNode} or later and this is ${process.version}; "npx spot-expander" in its checkout, and npm scripts, run on the right one\n`,
    );
    process.exitCode = 2;
    return;
  }
  // As built, the agent is one file without the modules that it does not use: 8 MB less on every node.
  const bundledAgent = new URL('../agent.js', import.meta.url);
  if (args[0] === 'agent' && existsSync(bundledAgent)) {
    await import(bundledAgent.href);
    return;
  }
  const { runCommands } = await import('./program.ts');
  await runCommands(args);
}

await main(process.argv.slice(2));

import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

export type CommandFactory = (context: CommandContext) => Command;

/** Each command is its own module, loaded only when it is asked for: an agent does not pay for EC2 and ONNX. */
export const commands: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  serve: async () => (await import('./serve/serve-command.ts')).serveCommand,
  demo: async () => (await import('./ask/demo.ts')).demoCommand,
  rank: async () => (await import('./ask/rank.ts')).rankCommand,
  evaluate: async () => (await import('./ask/evaluate.ts')).evaluateCommand,
  explain: async () => (await import('./ask/explain.ts')).explainCommand,
  agent: async () => (await import('./agent/agent-command.ts')).agentCommand,
  'release-nodes': async () => (await import('./agent/release-nodes-command.ts')).releaseNodesCommand,
  collect: async () => (await import('./offline/collect.ts')).collectCommand,
  doctor: async () => (await import('./offline/doctor.ts')).doctorCommand,
  train: async () => (await import('./offline/train.ts')).trainCommand,
  backtest: async () => (await import('./offline/backtest.ts')).backtestCommand,
  score: async () => (await import('./offline/score.ts')).scoreCommand,
  simulate: async () => (await import('./offline/simulate.ts')).simulateCommand,
  models: async () => (await import('./offline/models.ts')).modelsCommand,
  'publish-ca': async () => (await import('./serve/publish-ca.ts')).publishCaCommand,
  'import-lightgbm': async () => (await import('./offline/import-lightgbm.ts')).importLightGbmCommand,
  config: async () => (await import('./serve/config-command.ts')).configCommand,
};

import type { AgentConfig } from '../../config/agent-config.ts';

/** What the command line asks of the agent's program. */
export type AgentOrder =
  | { readonly kind: 'watch'; readonly config: AgentConfig }
  | { readonly kind: 'doctor'; readonly config: AgentConfig; readonly asJson: boolean };

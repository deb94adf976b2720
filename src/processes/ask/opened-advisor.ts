import type { SpotAdvisor } from '../../api/messages.ts';

/** Where a command asks its question. */
export interface OpenedAdvisor {
  readonly advisor: SpotAdvisor;
  /** What the reader of an answer should know of whoever gives it; for standard error. */
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
}

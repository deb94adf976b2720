import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const noticeKinds = ['spot-interruption', 'group-termination', 'rebalance', 'maintenance', 'stale'] as const;
const evictionResults = ['evicted', 'gone', 'blocked', 'misconfigured', 'refused', 'failed'] as const;
const deletionResults = ['deleted', 'forced', 'shortened', 'left', 'failed'] as const;
const pollProblems = [
  'token-refused',
  'token-garbled',
  'switched-off',
  'hop-limit',
  'throttled',
  'unreachable',
  'timeout',
  'garbled',
  'server-error',
] as const;
const outcomes = ['ok', 'failed'] as const;
const drainDecisions = ['DRAIN', 'EVACUATE'] as const;

/** Every metric of `spot-expander agent`; docs/agent.md describes each. Labels are closed sets that start at 0. */
export interface AgentMetrics {
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly notices: Counter<'kind'>;
  readonly polls: Counter<'result'>;
  readonly pollProblems: Counter<'problem'>;
  readonly marks: Counter<'result'>;
  readonly noticeToMarkSeconds: Histogram;
  readonly noticeToEmptySeconds: Histogram;
  readonly leadTimeLeftSeconds: Histogram;
  readonly evictions: Counter<'result'>;
  readonly deletions: Counter<'result'>;
  readonly missedDeadlines: Counter;
  readonly reverts: Counter;
  readonly webhooks: Counter<'result'>;
  readonly apiErrors: Counter;
  readonly ownFaults: Counter;
  readonly unprovenMarks: Counter;
  readonly forbidden: Counter<'by'>;
  readonly noticeLeadSeconds: Histogram;
}

export interface AgentMetricSources {
  /** Seconds since the last good poll; before the first, since the start. */
  readonly pollAgeSeconds: () => number;
  readonly isRefusing: () => boolean;
  readonly drain: () => DrainState;
  readonly version: string;
}

/** What the agent is doing now. */
export interface DrainState {
  readonly decision: 'NONE' | 'DRAIN' | 'EVACUATE';
  /** For a place in the cluster-wide budget. */
  readonly isWaiting: boolean;
}

export function agentMetrics(sources: AgentMetricSources): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(
    name: string,
    help: string,
    label: Label,
    values: readonly string[],
  ) => {
    const made = new Counter<Label>({ name, help, labelNames: [label], registers });
    for (const value of values) made.labels(value).inc(0);
    return made;
  };
  const plain = (name: string, help: string) => new Counter({ name, help, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  new Gauge({
    name: 'spot_agent_poll_age_seconds',
    help: 'Seconds since the metadata service was last read well, or since the start',
    registers,
    collect() {
      this.set(sources.pollAgeSeconds());
    },
  });
  new Gauge({
    name: 'spot_agent_refusing',
    help: '1 while the Node does not carry this instance id and the agent refuses to act',
    registers,
    collect() {
      this.set(sources.isRefusing() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'spot_agent_draining',
    help: '1 under the decision that this node stands under',
    labelNames: ['decision'],
    registers,
    collect() {
      for (const decision of drainDecisions)
        this.set({ decision }, sources.drain().decision === decision ? 1 : 0);
    },
  });
  new Gauge({
    name: 'spot_agent_waiting_for_place',
    help: '1 while a drain waits for a place in the cluster-wide budget',
    registers,
    collect() {
      this.set(sources.drain().isWaiting ? 1 : 0);
    },
  });
  new Gauge({
    name: 'spot_build_info',
    help: '1, with the version of this process',
    labelNames: ['version'],
    registers,
  }).set({ version: sources.version }, 1);
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    notices: counter('spot_agent_notices_total', 'Notices by kind, each counted once', 'kind', noticeKinds),
    polls: counter('spot_agent_polls_total', 'Reads of the metadata service', 'result', outcomes),
    pollProblems: counter(
      'spot_agent_poll_problems_total',
      'Failed reads by what is wrong',
      'problem',
      pollProblems,
    ),
    marks: counter('spot_agent_marks_total', 'Writes of the mark on the Node', 'result', [
      'marked',
      'conflict',
      'failed',
    ]),
    noticeToMarkSeconds: histogram(
      'spot_agent_notice_to_mark_seconds',
      'From reading a notice to the mark on the Node',
      [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
    ),
    noticeToEmptySeconds: histogram(
      'spot_agent_notice_to_empty_seconds',
      'From reading a notice to the last pod gone',
      [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 1_800],
    ),
    leadTimeLeftSeconds: histogram(
      'spot_agent_lead_time_left_seconds',
      'What was left to the deadline when the last pod had gone',
      [0, 5, 10, 20, 30, 45, 60, 75, 90, 105, 120],
    ),
    evictions: counter(
      'spot_agent_evictions_total',
      'Evictions by the API server’s answer',
      'result',
      evictionResults,
    ),
    deletions: counter(
      'spot_agent_deletions_total',
      'What was done past a disruption budget or a grace period',
      'result',
      deletionResults,
    ),
    missedDeadlines: plain('spot_agent_missed_deadlines_total', 'Deadlines at which pods were still there'),
    reverts: plain('spot_agent_reverts_total', 'Marks that were taken back'),
    webhooks: counter('spot_agent_webhooks_total', 'Webhook messages', 'result', ['sent', 'failed']),
    forbidden: counter(
      'spot_agent_forbidden_total',
      'Requests that the API server refused: permission (RBAC), admission (a policy or a webhook)',
      'by',
      ['permission', 'admission'],
    ),
    noticeLeadSeconds: histogram(
      'spot_agent_notice_lead_seconds',
      'From reading a notice to the end of the instance: what AWS left',
      [0, 10, 20, 30, 45, 60, 75, 90, 105, 115, 120, 180, 300],
    ),
    ownFaults: plain(
      'spot_agent_own_faults_total',
      'Errors that nobody foresaw: faults of the agent, not of what it speaks to',
    ),
    unprovenMarks: plain(
      'spot_agent_unproven_marks_total',
      'Marks found on the Node that none of its agents has made, and that were not obeyed',
    ),
    apiErrors: plain('spot_agent_api_errors_total', 'Requests to the API server without a usable answer'),
  };
}

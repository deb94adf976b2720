import { z } from 'zod';
import type {
  DecisionMessage,
  EvaluateResponse,
  ExplainResponse,
  ListPoolsResponse,
  RankResponse,
} from './messages.ts';

/**
 * Answers that came from another process (gRPC) or from a file (recordings), in the shape that this process gives itself:
 * what proto3 leaves out or empty is null again, so that `--json` looks the same whoever answered.
 */

const text = z.string().default('');
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === undefined || value === '' ? null : value), schema.nullable());
const numberOrNull = orNull(z.number());
const textOrNull = orNull(z.string());
const count = z.number().default(0);

const degradationMessage = z.object({
  step: z.enum(['model', 'advisor-prior', 'price-only', 'all-ids']),
  reasons: z.array(z.string()).default([]),
});

const candidateMessage = z.object({
  id: text,
  instance_type: text,
  availability_zone: text,
  capacity_type: z.enum(['SPOT', 'ON_DEMAND', 'UNKNOWN']).catch('UNKNOWN'),
  node_count: count,
  spot_price: numberOrNull,
  on_demand_price: numberOrNull,
  crash_probability: numberOrNull,
  expected_frequency: numberOrNull,
  risk_source: text,
  historic_interrupt_rate: numberOrNull,
  discount_depth: numberOrNull,
  waste_cost: numberOrNull,
  tco: numberOrNull,
  yield_score: numberOrNull,
  affinity: numberOrNull,
  heat: count,
  vcpu: numberOrNull,
  memory_gb: numberOrNull,
  architecture: text,
  is_valid: z.boolean().default(false),
  filtered_reason: textOrNull,
  filtered_by: textOrNull,
  filtered_code: textOrNull,
  region: text,
  price_per_hour: numberOrNull,
  price_source: textOrNull,
  spread: numberOrNull,
  score: numberOrNull,
  explanation: textOrNull,
  resting_because: textOrNull,
  admitted_for: textOrNull,
  rank: count,
});

const rankResponse: z.ZodType<RankResponse> = z.object({
  candidates: z.array(candidateMessage).default([]),
  degradation: degradationMessage,
  decision_id: text,
  execution_time_ms: count,
  reason: text,
  remarks: z.array(z.string()).default([]),
});

const evaluateResponse: z.ZodType<EvaluateResponse> = z.object({
  decision: z.enum(['STAY', 'SWITCH', 'DRAIN', 'EVACUATE']),
  reason: text,
  crash_probability: numberOrNull,
  expected_frequency: numberOrNull,
  aws_signal: z.enum(['NONE', 'REBALANCE', 'TERMINATION']),
  signal_time: textOrNull,
  selected_candidate: orNull(candidateMessage),
  degradation: degradationMessage,
  decision_id: text,
  execution_time_ms: count,
  instance_id: textOrNull,
});

/** One past decision, in an answer of Explain or in a recording. */
export const decisionMessage: z.ZodType<DecisionMessage> = z.object({
  decision_id: text,
  time: text,
  kind: z.enum(['scale-up', 'rank', 'evaluate']),
  request: z.object({
    options: count,
    pods: count,
    node_templates: count,
    unreadable_pods: count,
    unreadable_nodes: count,
    bytes: count,
    question: text,
  }),
  answer: z.array(z.string()).default([]),
  reason: text,
  degradation: degradationMessage,
  candidates: z.array(candidateMessage).default([]),
  candidate_count: count,
  drops: z.array(z.object({ layer: text, reason: text, count })).default([]),
  timings: z.array(z.object({ part: text, duration_ms: count })).default([]),
  remarks: z.array(z.string()).default([]),
});

const explainResponse: z.ZodType<ExplainResponse> = z.object({
  decisions: z.array(decisionMessage).default([]),
});

const hotState = z.object({
  signal: z.enum(['NONE', 'REBALANCE', 'TERMINATION']),
  since: text,
  until: text,
  heat: count,
});

const listPoolsResponse: z.ZodType<ListPoolsResponse> = z.object({
  pools: z
    .array(
      z.object({
        pool: text,
        instance_type: text,
        availability_zone: text,
        region: text,
        spot_price: numberOrNull,
        spot_price_time: textOrNull,
        on_demand_price: numberOrNull,
        historic_interrupt_rate: numberOrNull,
        crash_probability: numberOrNull,
        expected_frequency: numberOrNull,
        risk_source: textOrNull,
        hot: orNull(hotState),
        vcpu: numberOrNull,
        memory_gb: numberOrNull,
        architecture: textOrNull,
      }),
    )
    .default([]),
  next_page_token: text,
  total: count,
});

/** Each @throws ZodError when the other side does not speak this version of the API. */
export const rankResponseFrom = (message: unknown): RankResponse => rankResponse.parse(message);
export const evaluateResponseFrom = (message: unknown): EvaluateResponse => evaluateResponse.parse(message);
export const explainResponseFrom = (message: unknown): ExplainResponse => explainResponse.parse(message);
export const listPoolsResponseFrom = (message: unknown): ListPoolsResponse =>
  listPoolsResponse.parse(message);

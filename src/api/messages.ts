import type { Degradation } from '../decision/degradation.ts';

/**
 * The messages of our own API, as proto/spot_advisor.proto describes them field by field. gRPC, HTTP and `--json` carry these
 * very shapes, so that what is documented once holds everywhere. `null` is what gRPC leaves out: not known, or not so.
 * Prices are USD per hour, probabilities 0..1, memory GiB, times RFC 3339.
 */

export type CapacityTypeName = 'SPOT' | 'ON_DEMAND' | 'UNKNOWN';
export type AwsSignal = 'NONE' | 'REBALANCE' | 'TERMINATION';
export type DecisionName = 'STAY' | 'SWITCH' | 'DRAIN' | 'EVACUATE';
/** Which step of the ladder gave the answer, and why the steps above it did not. */
export type DegradationMessage = Degradation;

export interface CandidateMessage {
  readonly id: string;
  readonly instance_type: string;
  readonly availability_zone: string;
  readonly capacity_type: CapacityTypeName;
  readonly node_count: number;
  readonly spot_price: number | null;
  readonly on_demand_price: number | null;
  readonly crash_probability: number | null;
  readonly expected_frequency: number | null;
  readonly risk_source: string;
  readonly historic_interrupt_rate: number | null;
  readonly discount_depth: number | null;
  readonly waste_cost: number | null;
  readonly tco: number | null;
  /** 0..100. */
  readonly yield_score: number | null;
  readonly affinity: number | null;
  readonly heat: number;
  readonly vcpu: number | null;
  readonly memory_gb: number | null;
  readonly architecture: string;
  readonly is_valid: boolean;
  readonly filtered_reason: string | null;
  readonly filtered_by: string | null;
  readonly filtered_code: string | null;
  readonly region: string;
  readonly price_per_hour: number | null;
  readonly price_source: string | null;
  readonly spread: number | null;
  readonly score: number | null;
  readonly explanation: string | null;
  readonly resting_because: string | null;
  readonly admitted_for: string | null;
  /** 1 for the best; 0 for a dropped candidate. */
  readonly rank: number;
}

export interface RankResponse {
  readonly candidates: readonly CandidateMessage[];
  readonly degradation: DegradationMessage;
  readonly decision_id: string;
  readonly execution_time_ms: number;
  readonly reason: string;
  readonly remarks: readonly string[];
}

export interface EvaluateResponse {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly crash_probability: number | null;
  readonly expected_frequency: number | null;
  readonly aws_signal: AwsSignal;
  readonly signal_time: string | null;
  readonly selected_candidate: CandidateMessage | null;
  readonly degradation: DegradationMessage;
  readonly decision_id: string;
  readonly execution_time_ms: number;
  readonly instance_id: string | null;
}

export interface RequestSummary {
  readonly options: number;
  readonly pods: number;
  readonly node_templates: number;
  readonly unreadable_pods: number;
  readonly unreadable_nodes: number;
  readonly bytes: number;
  readonly question: string;
}

export interface DropCount {
  readonly layer: string;
  readonly reason: string;
  readonly count: number;
}

export interface Timing {
  readonly part: string;
  readonly duration_ms: number;
}

/** One past decision, as Explain tells it. */
export interface DecisionMessage {
  readonly decision_id: string;
  readonly time: string;
  readonly kind: 'scale-up' | 'rank' | 'evaluate';
  readonly request: RequestSummary;
  readonly answer: readonly string[];
  readonly reason: string;
  readonly degradation: DegradationMessage;
  readonly candidates: readonly CandidateMessage[];
  readonly candidate_count: number;
  readonly drops: readonly DropCount[];
  readonly timings: readonly Timing[];
  readonly remarks: readonly string[];
}

export interface ExplainResponse {
  readonly decisions: readonly DecisionMessage[];
}

export interface HotState {
  readonly signal: AwsSignal;
  readonly since: string;
  readonly until: string;
  readonly heat: number;
}

export interface PoolFacts {
  readonly pool: string;
  readonly instance_type: string;
  readonly availability_zone: string;
  readonly region: string;
  readonly spot_price: number | null;
  readonly spot_price_time: string | null;
  readonly on_demand_price: number | null;
  readonly historic_interrupt_rate: number | null;
  readonly crash_probability: number | null;
  readonly expected_frequency: number | null;
  readonly risk_source: string | null;
  readonly hot: HotState | null;
  readonly vcpu: number | null;
  readonly memory_gb: number | null;
  readonly architecture: string | null;
}

export interface ListPoolsResponse {
  readonly pools: readonly PoolFacts[];
  readonly next_page_token: string;
  readonly total: number;
}

/**
 * The four questions. A request is whatever came over the wire: each method reads it and
 * @throws InvalidRequest when it is not a question of that kind, NotFound when Explain names an unknown decision.
 */
export interface SpotAdvisor {
  /** @param caller whose room in the history it takes */
  readonly rank: (request: unknown, caller?: string) => Promise<RankResponse>;
  /** @param caller whose room in the history it takes */
  readonly evaluate: (request: unknown, caller?: string) => Promise<EvaluateResponse>;
  readonly explain: (request: unknown) => Promise<ExplainResponse>;
  readonly listPools: (request: unknown) => Promise<ListPoolsResponse>;
}

import Table from 'cli-table3';
import type {
  CandidateMessage,
  DecisionMessage,
  DegradationMessage,
  EvaluateResponse,
  RankResponse,
} from './messages.ts';

const dash = '–';

/** A ranking as text for a terminal: the candidates that hold, then what was dropped and why. */
export function readableRanking(answer: RankResponse): string {
  return [
    rankingText(answer.candidates),
    `because: ${answer.reason}`,
    ...furtherRemarks(answer),
    degradationText(answer.degradation),
    mockText(answer.candidates),
    `decision ${answer.decision_id} in ${answer.execution_time_ms.toFixed(1)} ms`,
  ]
    .filter((part) => part !== '')
    .join('\n')
    .concat('\n');
}

export function readableEvaluation(answer: EvaluateResponse): string {
  const facts: readonly (readonly [string, string])[] = [
    ['signal', answer.aws_signal + (answer.signal_time === null ? '' : ` at ${answer.signal_time}`)],
    ['crash probability', shown(answer.crash_probability, 3)],
    ['expected frequency', shown(answer.expected_frequency, 4)],
    ['better pool', answer.selected_candidate === null ? dash : candidateName(answer.selected_candidate)],
    ['answered by', answer.degradation.step],
    ['decision id', answer.decision_id],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    `${answer.decision}: ${answer.reason}`,
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...answer.degradation.reasons.map((reason) => `  ${reason}`),
  ]
    .join('\n')
    .concat('\n');
}

export function readableDecision(decision: DecisionMessage): string {
  const { request } = decision;
  const question =
    decision.kind === 'scale-up'
      ? `${request.options} options, ${request.pods} distinct pods, ${request.node_templates} node templates, ${request.bytes} bytes`
      : request.question;
  const unreadable = request.unreadable_pods + request.unreadable_nodes;
  return [
    `${decision.decision_id}  ${decision.time}  ${decision.kind}: ${question}`,
    unreadable === 0
      ? ''
      : `not readable: ${request.unreadable_pods} pods, ${request.unreadable_nodes} nodes`,
    `answer: ${decision.answer.join(', ') || 'nothing'}`,
    `because: ${decision.reason}`,
    decision.candidates.length === 0 ? '' : rankingText(decision.candidates),
    decision.candidate_count > decision.candidates.length
      ? `${decision.candidates.length} of ${decision.candidate_count} candidates shown`
      : '',
    ...furtherRemarks(decision),
    degradationText(decision.degradation),
    mockText(decision.candidates),
    `time: ${decision.timings.map(({ part, duration_ms }) => `${part} ${duration_ms.toFixed(2)} ms`).join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join('\n')
    .concat('\n');
}

/** One line a decision, for an overview. */
export function readableOverview(decisions: readonly DecisionMessage[]): string {
  const table = plainTable(
    ['decision', 'time', 'kind', 'candidates', 'by', 'answer'],
    ['left', 'left', 'left', 'right', 'left', 'left'],
  );
  for (const one of decisions) {
    const answer = one.answer.length > 3 ? `${one.answer.length} ids` : one.answer.join(', ');
    table.push([
      one.decision_id,
      one.time,
      one.kind,
      String(one.candidate_count),
      one.degradation.step,
      answer,
    ]);
  }
  return `${table.toString()}\n`;
}

/** Then and now of a decision that was run again. */
export function readableReplay(then: DecisionMessage, now: DecisionMessage): string {
  const before = new Map(then.candidates.map((candidate) => [candidate.id, candidate]));
  const table = plainTable(
    ['', 'candidate', 'rank then', 'now', 'yield then', 'now', 'crash p then', 'now', 'dropped then', 'now'],
    ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left', 'left'],
  );
  for (const candidate of now.candidates) {
    const old = before.get(candidate.id);
    table.push([
      old !== undefined && sameStanding(old, candidate) ? '' : '*',
      candidate.id,
      old === undefined ? dash : rankText(old),
      rankText(candidate),
      shown(old?.yield_score ?? null, 2),
      shown(candidate.yield_score, 2),
      shown(old?.crash_probability ?? null, 3),
      shown(candidate.crash_probability, 3),
      old?.filtered_by ?? '',
      candidate.filtered_by ?? '',
    ]);
  }
  const same = then.answer.join() === now.answer.join();
  return [
    `${then.decision_id} of ${then.time}`,
    table.toString(),
    `answer then: ${then.answer.join(', ') || 'nothing'} (${then.degradation.step})`,
    ...then.degradation.reasons.map((reason) => `  ${reason}`),
    `answer now:  ${now.answer.join(', ') || 'nothing'} (${now.degradation.step})`,
    ...now.degradation.reasons.map((reason) => `  ${reason}`),
    same ? 'the answer is the same' : 'THE ANSWER IS ANOTHER',
    mockText(now.candidates),
  ]
    .filter((part) => part !== '')
    .join('\n')
    .concat('\n');
}

function sameStanding(a: CandidateMessage, b: CandidateMessage): boolean {
  return a.rank === b.rank && a.filtered_by === b.filtered_by && a.yield_score === b.yield_score;
}

function rankingText(candidates: readonly CandidateMessage[]): string {
  const valid = candidates.filter((candidate) => candidate.is_valid);
  const dropped = candidates.filter((candidate) => !candidate.is_valid);
  const table = plainTable(
    [
      '#',
      'candidate',
      'nodes',
      '$/h',
      'on-demand',
      'crash p',
      'expected',
      'advisor',
      'waste $/h',
      'TCO',
      'yield',
      'heat',
    ],
    ['right', 'left', ...Array.from({ length: 10 }, () => 'right' as const)],
  );
  for (const candidate of valid) {
    table.push([
      rankText(candidate),
      candidateName(candidate),
      String(candidate.node_count),
      priceText(candidate),
      shown(candidate.on_demand_price, 4),
      shown(candidate.crash_probability, 3),
      shown(candidate.expected_frequency, 4),
      candidate.historic_interrupt_rate === null
        ? dash
        : `${(candidate.historic_interrupt_rate * 100).toFixed(1)} %`,
      shown(candidate.waste_cost, 4),
      shown(candidate.tco, 5),
      shown(candidate.yield_score, 2),
      candidate.heat === 0 ? '' : candidate.heat.toFixed(2),
    ]);
  }
  const lines = valid.length === 0 ? ['every candidate was dropped'] : [table.toString()];
  for (const { id, resting_because: why } of valid) if (why !== null) lines.push(`  ${id} rests: ${why}`);
  if (dropped.length > 0) lines.push('dropped:');
  for (const candidate of dropped)
    lines.push(
      `  ${candidateName(candidate)}  ${candidate.filtered_by ?? ''}: ${candidate.filtered_reason ?? ''}`,
    );
  return lines.join('\n');
}

/** A group is told by its id and the type that stands for it; a pool's id says both. */
function candidateName(candidate: CandidateMessage): string {
  const pool = `${candidate.instance_type}@${candidate.availability_zone}`;
  const kind =
    candidate.capacity_type === 'SPOT' ? '' : ` ${candidate.capacity_type.toLowerCase().replace('_', '-')}`;
  return (
    (candidate.id === pool || candidate.instance_type === '' ? candidate.id : `${candidate.id} (${pool})`) +
    kind
  );
}

/** What one node costs in this comparison; `~` marks a price that was assumed. */
function priceText({ price_per_hour, price_source }: CandidateMessage): string {
  return `${price_source === 'assumed' ? '~' : ''}${shown(price_per_hour, 4)}`;
}

function rankText(candidate: CandidateMessage): string {
  return candidate.rank === 0 ? dash : String(candidate.rank);
}

function shown(value: number | null, digits: number): string {
  return value === null ? dash : value.toFixed(digits);
}

function degradationText({ step, reasons }: DegradationMessage): string {
  return [`answered by: ${step}`, ...reasons.map((reason) => `  ${reason}`)].join('\n');
}

/** What the reasons of the step, shown as well, do not say already. */
function furtherRemarks({
  reason,
  remarks,
  degradation,
}: Pick<RankResponse, 'reason' | 'remarks' | 'degradation'>): readonly string[] {
  return remarks.filter((remark) => remark !== reason && !degradation.reasons.includes(remark));
}

function mockText(candidates: readonly CandidateMessage[]): string {
  return candidates.some(({ risk_source }) => risk_source === 'mock')
    ? 'The risk model is mock: it calls every Spot pool moderately risky and knows nothing of any of them.'
    : '';
}

function plainTable(head: string[], colAligns: ('left' | 'right')[]) {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: ' ',
  };
  return new Table({
    head,
    colAligns,
    chars: none,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  });
}

import Table from 'cli-table3';
import { unpainted, type Paint } from './paint.ts';
import type {
  CandidateMessage,
  DecisionMessage,
  DegradationMessage,
  EvaluateResponse,
  RankResponse,
} from './messages.ts';

const dash = '–';

/**
 * A ranking as text for a terminal: the `most` best of the candidates that hold, then what was dropped and why; more than `most`
 * drops are counted by reason. All of both where `most` is undefined.
 */
export function readableRanking(answer: RankResponse, most?: number, paint: Paint = unpainted): string {
  return [
    readableCandidates(answer.candidates, most, paint),
    `${paint('strong', 'because')}: ${answer.reason}`,
    ...furtherRemarks(answer),
    degradationText(answer.degradation, paint),
    `decision ${answer.decision_id} in ${answer.execution_time_ms.toFixed(1)} ms`,
  ]
    .filter((part) => part !== '')
    .join('\n')
    .concat('\n');
}

export function readableEvaluation(answer: EvaluateResponse, paint: Paint = unpainted): string {
  const facts: readonly (readonly [string, string])[] = [
    ['signal', answer.aws_signal + (answer.signal_time === null ? '' : ` at ${answer.signal_time}`)],
    ['expected frequency', shown(answer.expected_frequency, 4)],
    ['crash probability', shown(answer.crash_probability, 3)],
    ['better pool', answer.selected_candidate === null ? dash : candidateName(answer.selected_candidate)],
    ['answered by', answer.degradation.step],
    ['decision id', answer.decision_id],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    `${paint(answer.decision === 'STAY' ? 'chosen' : 'warning', answer.decision)}: ${answer.reason}`,
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...answer.degradation.reasons.map((reason) => `  ${reason}`),
  ]
    .join('\n')
    .concat('\n');
}

export function readableDecision(decision: DecisionMessage, paint: Paint = unpainted): string {
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
    `answer: ${paint('chosen', decision.answer.join(', ') || 'nothing')}`,
    `because: ${decision.reason}`,
    decision.candidates.length === 0 ? '' : readableCandidates(decision.candidates, undefined, paint),
    decision.candidate_count > decision.candidates.length
      ? `${decision.candidates.length} of ${decision.candidate_count} candidates shown`
      : '',
    ...furtherRemarks(decision),
    degradationText(decision.degradation, paint),
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
  ]
    .filter((part) => part !== '')
    .join('\n')
    .concat('\n');
}

function sameStanding(a: CandidateMessage, b: CandidateMessage): boolean {
  return a.rank === b.rank && a.filtered_by === b.filtered_by && a.yield_score === b.yield_score;
}

/** What the two probabilities of the table are. */
const probabilitiesText = [
  'expected: how often the pool becomes unstable within the horizon of whoever tells the risk, 0 to 1, calibrated: the cost counts by it.',
  'crash p: the same evidence at even odds, as if every second pool did: a scale for the safety gate, not a frequency.',
].join('\n');

/** The `most` best as a table, what its probabilities are, and what was dropped and why. */
export function readableCandidates(
  candidates: readonly CandidateMessage[],
  most: number | undefined,
  paint: Paint,
): string {
  const valid = candidates.filter((candidate) => candidate.is_valid);
  const dropped = candidates.filter((candidate) => !candidate.is_valid);
  const best = valid.slice(0, most);
  const lines =
    valid.length === 0
      ? [paint('warning', 'every candidate was dropped')]
      : [candidateTable(best, paint), paint('faint', probabilitiesText)];
  if (best.length < valid.length)
    lines.push(`the best ${best.length} of ${valid.length}; --top N shows more, --all every one`);
  for (const { id, resting_because: why } of best) if (why !== null) lines.push(`  ${id} rests: ${why}`);
  if (dropped.length > (most ?? Infinity)) lines.push(...dropCountLines(dropped));
  else if (dropped.length > 0) lines.push('dropped:', ...dropped.map(dropLine));
  return lines.join('\n');
}

function candidateTable(candidates: readonly CandidateMessage[], paint: Paint): string {
  const table = plainTable(
    [
      '#',
      'candidate',
      'nodes',
      '$/h',
      'on-demand',
      'expected',
      'crash p',
      'advisor',
      'waste $/h',
      'TCO',
      'yield',
      'heat',
    ].map((head) => paint('strong', head)),
    ['right', 'left', ...Array.from({ length: 10 }, () => 'right' as const)],
  );
  for (const candidate of candidates) {
    const name = candidateName(candidate);
    table.push([
      rankText(candidate),
      candidate.rank === 1 ? paint('chosen', name) : name,
      String(candidate.node_count),
      priceText(candidate),
      shown(candidate.on_demand_price, 4),
      shown(candidate.expected_frequency, 4),
      shown(candidate.crash_probability, 3),
      candidate.historic_interrupt_rate === null
        ? dash
        : `${(candidate.historic_interrupt_rate * 100).toFixed(1)} %`,
      shown(candidate.waste_cost, 4),
      shown(candidate.tco, 5),
      shown(candidate.yield_score, 2),
      candidate.heat === 0 ? '' : candidate.heat.toFixed(2),
    ]);
  }
  return table.toString();
}

function dropLine(candidate: CandidateMessage): string {
  return `  ${candidateName(candidate)}  ${candidate.filtered_by ?? ''}: ${candidate.filtered_reason ?? ''}`;
}

/** By layer and reason, the most frequent first, each with the sentence of one. */
function dropCountLines(dropped: readonly CandidateMessage[]): readonly string[] {
  const groups = [...Map.groupBy(dropped, (one) => `${one.filtered_by ?? ''} ${one.filtered_code ?? ''}`)];
  const width = String(dropped.length).length;
  return [
    `dropped ${dropped.length}, --all shows each:`,
    ...groups
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([reason, group]) => {
        const [first] = group;
        const example = first === undefined ? '' : `, such as${dropLine(first).slice(1)}`;
        return `  ${String(group.length).padStart(width)}  ${reason}${example}`;
      }),
  ];
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

function degradationText({ step, reasons }: DegradationMessage, paint: Paint): string {
  return [
    `answered by: ${step === 'model' ? step : paint('warning', step)}`,
    ...reasons.map((reason) => `  ${reason}`),
  ].join('\n');
}

/** What the reasons of the step, shown as well, do not say already. */
function furtherRemarks({
  reason,
  remarks,
  degradation,
}: Pick<RankResponse, 'reason' | 'remarks' | 'degradation'>): readonly string[] {
  return remarks.filter((remark) => remark !== reason && !degradation.reasons.includes(remark));
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

import { readFile } from 'node:fs/promises';
import { unpainted, type Paint } from '../../api/paint.ts';
import { readableCandidates } from '../../api/readable.ts';
import { leastWasteValue, priceValue, type BuiltInOption } from '../../decision/built-in-expanders.ts';
import type { CandidateFacts, ScaleUpDecision } from '../../decision/decision.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import { decideScaleUp } from '../../decision/pipeline.ts';
import type { ScaleUpRequest } from '../../decision/scale-up-request.ts';
import {
  answeredBestOptions,
  type BestOptionsDependencies,
} from '../../server/expander/answered-best-options.ts';
import type { AnsweredScaleUp } from '../../server/expander/expander-events.ts';
import { defaultHeatRules } from '../../server/fleet/hot-pools.ts';
import { recordedScaleUp } from '../bundled-files.ts';

export interface DemonstrationAddress {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly certFile: string;
  /** True when a command finds the certificate by itself. */
  readonly isUsualPlace: boolean;
}

/**
 * A recorded scale-up of a real cluster-autoscaler, answered by this very server, as text for a terminal: the choice, the
 * candidates, what others would have chosen, what a termination notice changes, and where to look next.
 */
export async function demonstration(
  expander: BestOptionsDependencies,
  address: DemonstrationAddress,
  paint: Paint = unpainted,
): Promise<string> {
  const answers: AnsweredScaleUp[] = [];
  answeredBestOptions(await readFile(recordedScaleUp), {
    ...expander,
    later: (work) => work(),
    // Nobody launches these nodes: that none comes must not be held against their capacity.
    capacity: { tell: () => undefined },
    events: {
      ...expander.events,
      answered: (event) => {
        answers.push(event);
        expander.events.answered(event);
      },
    },
  });
  const [answered] = answers;
  return [
    '',
    'A scale-up that cluster-autoscaler 1.35.2 asked for: nine node groups, twenty pending pods.',
    '',
    ...(answered === undefined
      ? ['It could not be told of; see the log.']
      : decisionLines(answered, expander, paint)),
    '',
    ...nextLines(address, paint),
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

function decisionLines(
  { request, decision, message }: AnsweredScaleUp,
  { knowledge, policy, clock }: BestOptionsDependencies,
  paint: Paint,
): readonly string[] {
  const { degradation, remarks } = message;
  return [
    `${paint('strong', 'The choice')}: ${choiceText(decision, paint)}`,
    '',
    readableCandidates(message.candidates, undefined, paint),
    `answered by: ${degradation.step}`,
    ...[...new Set([...degradation.reasons, ...remarks])].map((sentence) => `  ${sentence}`),
    '',
    paint('strong', "What the autoscaler's own expanders would have taken of the same options:"),
    ...othersLines(request, decision, knowledge()),
    '',
    ...noticeLines(request, decision, paint, clock.nowMs(), (known) =>
      decideScaleUp(request, known(knowledge()), policy, clock.nowMs()),
    ),
  ];
}

/** What was chosen, and why, in one sentence. */
function choiceText({ answer, reason }: ScaleUpDecision, paint: Paint): string {
  const chosen = answer.join(', ');
  const why = reason.startsWith(chosen) ? reason.slice(chosen.length) : `: ${reason}`;
  return `${paint('chosen', chosen || 'nothing')}${why}.`;
}

/** How large the cluster is taken to be by the price expander, which the request does not tell. */
const clusterNodes = 10;

function othersLines(
  request: ScaleUpRequest,
  decision: ScaleUpDecision,
  knowledge: Knowledge,
): readonly string[] {
  const options = [...decision.ranked, ...decision.drops.map(({ facts }) => facts)].flatMap((facts) => {
    const option = builtInOption(facts, request, knowledge);
    return option === undefined ? [] : [{ facts, option }];
  });
  const line = (who: string, facts: CandidateFacts | undefined, what: string): string => {
    if (facts === undefined) return `  ${who.padEnd(12)}  nothing`;
    const perHour = priceOf(facts) * facts.nodeCount;
    const expected =
      facts.expectedFrequency === undefined
        ? ''
        : `, expected ${(100 * facts.expectedFrequency).toFixed(2)} % unstable`;
    const drop = decision.drops.find(({ id }) => id === facts.id);
    const note = drop === undefined ? expected : `; we dropped it: ${drop.sentence}`;
    return `  ${who.padEnd(12)}  ${facts.id}: ${facts.nodeCount} nodes, $${perHour.toFixed(3)} an hour${note}${what}`;
  };
  const least = (value: (option: BuiltInOption) => number): CandidateFacts | undefined =>
    options.toSorted((a, b) => value(a.option) - value(b.option))[0]?.facts;
  return [
    line('ours', decision.ranked[0], ''),
    line('least-waste', least(leastWasteValue), ''),
    line(
      'price',
      least((option) => priceValue(option, clusterNodes)),
      ` (with AWS's Spot prices, which the original lacks, in a cluster of ${clusterNodes} nodes)`,
    ),
  ];
}

function builtInOption(
  facts: CandidateFacts,
  request: ScaleUpRequest,
  knowledge: Knowledge,
): BuiltInOption | undefined {
  const option = request.options.find(({ nodeGroupId }) => nodeGroupId === facts.id);
  const type = knowledge.instanceType(facts.instanceType);
  const pricePerHour = priceOf(facts);
  if (option === undefined || type === undefined || Number.isNaN(pricePerHour)) return undefined;
  const pods = Array.from(option.pods).flatMap((index) => request.pods[index] ?? []);
  return {
    facts: type,
    nodeCount: option.nodeCount,
    cpuMilli: pods.reduce((sum, { requests }) => sum + requests.cpuMilli, 0),
    memoryMib: pods.reduce((sum, { requests }) => sum + requests.memoryBytes, 0) / 2 ** 20,
    pricePerHour,
  };
}

/** USD per hour of one node; NaN where none is known. */
function priceOf({ capacityType, spotPerHour, onDemandPerHour }: CandidateFacts): number {
  return (capacityType === 'on-demand' ? onDemandPerHour : spotPerHour) ?? NaN;
}

/** The same request, once a node of the chosen pool has been given its two minutes. */
function noticeLines(
  request: ScaleUpRequest,
  decision: ScaleUpDecision,
  paint: Paint,
  nowMs: number,
  decided: (known: (knowledge: Knowledge) => Knowledge) => ScaleUpDecision,
): readonly string[] {
  const chosen = decision.ranked.find(({ capacityType }) => capacityType === 'spot');
  const pool = chosen?.pools[0];
  if (chosen === undefined || pool === undefined) return [];
  const { ttlMs, initialHeat } = defaultHeatRules.TERMINATION;
  const second = decided((knowledge) => ({
    ...knowledge,
    signal: (asked) =>
      asked.instanceType === pool.instanceType && asked.zone === pool.zone
        ? { kind: 'TERMINATION', atMs: nowMs, expiresAtMs: nowMs + ttlMs, heat: initialHeat }
        : knowledge.signal(asked),
  }));
  const drop = second.drops.find(({ id }) => id === chosen.id);
  const rank = second.ranked.findIndex(({ id }) => id === chosen.id);
  const became = drop === undefined ? `it ranks ${rank + 1} of ${second.ranked.length} now` : drop.sentence;
  return [
    paint(
      'strong',
      `Then AWS gives a node of ${pool.instanceType}@${pool.zone} its two minutes, and the same ${request.options.length} groups are asked about again:`,
    ),
    `  the choice: ${choiceText(second, paint)}`,
    `  ${chosen.id}: ${became}`,
  ];
}

function nextLines(
  { grpcPort, httpPort, certFile, isUsualPlace }: DemonstrationAddress,
  paint: Paint,
): readonly string[] {
  const trust = isUsualPlace ? '' : ` --server-ca ${certFile}`;
  return [
    paint('strong', 'Where to look next:'),
    `the dashboard: http://127.0.0.1:${httpPort}/`,
    'ask yourself:',
    `  npx spot-expander rank c5.large@ap-south-1a m5.large@ap-south-1c --server localhost:${grpcPort}${trust}`,
    `  npx spot-expander explain --server localhost:${grpcPort}${trust}`,
    `  curl -s http://127.0.0.1:${httpPort}/api/v1/evaluate -H 'content-type: application/json' -d '{"instance_type":"c5.large","availability_zone":"ap-south-1a"}'`,
    'one scenario of each decision on a running instance (STAY, SWITCH, DRAIN, EVACUATE):',
    '  npx spot-expander demo',
    'point a cluster-autoscaler on this machine at it with:',
    `  --expander=grpc,least-waste --grpc-expander-url=localhost:${grpcPort} --grpc-expander-cert=${certFile}`,
    'install it in a cluster: docs/install.md. How it decides: docs/how-decisions-are-made.md.',
  ];
}

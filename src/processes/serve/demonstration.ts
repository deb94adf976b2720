import { readFile } from 'node:fs/promises';
import type { DecisionLog } from '../../server/advisor/decision-log.ts';
import {
  answeredBestOptions,
  type BestOptionsDependencies,
} from '../../server/expander/answered-best-options.ts';
import { recordedScaleUp } from '../bundled-files.ts';
import { readableDecision } from '../../api/readable.ts';

export interface DemonstrationAddress {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly certFile: string;
}

/** A recorded scale-up of a real cluster-autoscaler, answered by this very server, as text for a terminal. */
export async function demonstration(
  expander: BestOptionsDependencies,
  decisions: DecisionLog,
  { grpcPort, httpPort, certFile }: DemonstrationAddress,
): Promise<string> {
  answeredBestOptions(await readFile(recordedScaleUp), { ...expander, later: (work) => work() });
  const [decision] = decisions.last(1);
  return [
    '',
    'A scale-up that cluster-autoscaler 1.35.2 asked for: nine node groups, twenty pending pods.',
    '',
    decision === undefined ? 'It could not be told of; see the log.' : readableDecision(decision),
    'Serving on. Point a cluster-autoscaler on this machine at it with',
    `  --expander=grpc,least-waste --grpc-expander-url=localhost:${grpcPort} --grpc-expander-cert=${certFile}`,
    'or ask yourself:',
    `  curl -s http://127.0.0.1:${httpPort}/api/v1/evaluate -H 'content-type: application/json' -d '{"instance_type":"c5.large","availability_zone":"ap-south-1a"}'`,
    `  npx spot-expander rank c5.large@ap-south-1a m5.large@ap-south-1c --server localhost:${grpcPort}`,
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

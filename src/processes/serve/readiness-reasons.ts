import { certificateAge } from '../../ports/certificate-age.ts';
import type { CertificateReport } from '../../ports/grpc-events.ts';

/** What `/readyz`, `/health` and the dashboard say beside the state of knowledge. */
export interface ReadinessInputs {
  readonly knowledge: readonly string[];
  /** The one that is served. */
  readonly certificate: CertificateReport;
  readonly certificateRefusal: string | undefined;
  readonly nowMs: number;
  /** Undefined: no trained model is configured. */
  readonly model: { readonly failures: number; readonly lastFailure: string | undefined } | undefined;
  /** Undefined: the cluster's nodes are not watched. Times of the monotonic clock. */
  readonly nodeWatch:
    | { readonly lastHeardMs: number | undefined; readonly startedMs: number; readonly nowMs: number }
    | undefined;
}

/** A silent watch is begun anew after 90 s; beyond this it is the API server that cannot be had. */
const silentMs = 300_000;
const firstWordMs = 60_000;

/** One sentence for each thing that answers lack; empty when all is well. */
export function readinessReasons(inputs: ReadinessInputs): readonly string[] {
  const { knowledge, certificate, certificateRefusal, nowMs, model, nodeWatch } = inputs;
  return [
    ...knowledge,
    ...(model !== undefined && model.failures > 0 && model.lastFailure !== undefined
      ? [`Risk model: ${model.lastFailure}`]
      : []),
    ...(nodeWatch === undefined ? [] : watchReasons(nodeWatch)),
    ...endOf(certificate, nowMs),
    ...(certificateRefusal === undefined
      ? []
      : [`The certificate files on disk are refused: ${certificateRefusal}`]),
  ];
}

function endOf(certificate: CertificateReport, nowMs: number): readonly string[] {
  const end = new Date(certificate.validToMs).toISOString();
  switch (certificateAge(certificate, nowMs)) {
    case 'good':
      return [];
    case 'ends-soon':
      return [`The served certificate ends on ${end}.`];
    case 'ended':
      return [`The served certificate has ended on ${end}: no new connection succeeds.`];
  }
}

function watchReasons({
  lastHeardMs,
  startedMs,
  nowMs,
}: NonNullable<ReadinessInputs['nodeWatch']>): readonly string[] {
  const silent = nowMs - (lastHeardMs ?? startedMs);
  if (silent < (lastHeardMs === undefined ? firstWordMs : silentMs)) return [];
  const since = lastHeardMs === undefined ? 'since the start' : `for ${Math.round(silent / 60_000)} minutes`;
  return [`The cluster's nodes have not been heard of ${since}; interruptions make no pool hot.`];
}

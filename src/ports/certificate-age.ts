import type { CertificateReport } from './grpc-events.ts';

const dayMs = 86_400_000;

/** How near its end a certificate is. `ends-soon`: its last week, or its last sixth where it lives shorter than six weeks. */
export type CertificateAge = 'good' | 'ends-soon' | 'ended';

export function certificateAge({ validFromMs, validToMs }: CertificateReport, nowMs: number): CertificateAge {
  if (nowMs >= validToMs) return 'ended';
  const warningMs = Math.min(7 * dayMs, (validToMs - validFromMs) / 6);
  return validToMs - nowMs < warningMs ? 'ends-soon' : 'good';
}

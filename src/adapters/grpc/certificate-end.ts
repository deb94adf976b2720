import type { CertificateReport, GrpcEvent } from './events.ts';

const dayMs = 86_400_000;

/** How near its end a certificate is. `ends-soon`: its last week, or its last sixth where it lives shorter than six weeks. */
export type CertificateAge = 'good' | 'ends-soon' | 'ended';

export function certificateAge({ validFromMs, validToMs }: CertificateReport, nowMs: number): CertificateAge {
  if (nowMs >= validToMs) return 'ended';
  const warningMs = Math.min(7 * dayMs, (validToMs - validFromMs) / 6);
  return validToMs - nowMs < warningMs ? 'ends-soon' : 'good';
}

/**
 * Looks at the served certificate once a second until `close` and tells once when it nears its end and once when it has ended:
 * nothing else happens then, for connections that are open stay open.
 */
export function certificateEndWatch(
  served: () => CertificateReport,
  onEvent: (event: GrpcEvent) => void,
  lookEveryMs = 1_000,
): { close(): void } {
  let told = '';
  const look = (): void => {
    const certificate = served();
    const age = certificateAge(certificate, Date.now());
    const state = `${certificate.fingerprint256} ${age}`;
    if (state === told) return;
    told = state;
    if (age !== 'good') onEvent({ kind: `certificate-${age}`, certificate });
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  look();
  return { close: () => clearInterval(timer) };
}

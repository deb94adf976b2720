import { certificateAge } from '../../ports/certificate-age.ts';
import type { CertificateReport, GrpcEvent } from '../../ports/grpc-events.ts';

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

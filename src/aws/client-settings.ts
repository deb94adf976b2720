import type { Patience } from './patient-call.ts';

/** How an AWS client is reached, where that differs from the region's own way. */
export interface ClientAccess {
  /** For private endpoints and tests; otherwise the region's own. */
  readonly endpoint?: string;
  /** Otherwise the default chain: environment, web identity, instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const connectTimeoutMs = 5_000;

/** What every client of the SDK is made with. Tries are counted by `patientCall` alone; the SDK's own would multiply them. */
export function clientSettings({ endpoint, credentials }: ClientAccess, { attemptTimeoutMs }: Patience) {
  return {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: attemptTimeoutMs },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */

/* What a real API server was recorded to say: test/fixtures/kube-apiserver-transcripts.json. */

export type KubeObject = Record<string, any>;

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number;
}

export function invalidMicroTime(kind: string, body: KubeObject): KubeAnswer | undefined {
  const value = kind === 'Lease' ? body['spec']?.renewTime : undefined;
  if (value === undefined || /\.\d{6}Z$/.test(value)) return undefined;
  return failure(
    400,
    'BadRequest',
    `Lease in version "v1" cannot be handled as a Lease: parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".${String(value).split('.')[1]}" as ".000000"`,
  );
}

export function failureStatus(code: number, reason: string | undefined, message: string): KubeObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason && { reason }),
    code,
  };
}

export function failure(code: number, reason: string, message: string): KubeAnswer {
  return { status: code, body: failureStatus(code, reason, message) };
}

export function notFound(plural: string, name: string): KubeAnswer {
  return failure(404, 'NotFound', `${plural} "${name}" not found`);
}

export function modified(plural: string, name: string): KubeAnswer {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${plural} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
  );
}

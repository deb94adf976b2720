const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
const longestTimerMs = 0x7fff_ffff;

/** Milliseconds that a `grpc-timeout` header grants (`5S`, `4999m`, `250000u`); undefined when it is not one. */
export function grpcTimeoutMs(header: string): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(header);
  if (parts === null) return undefined;
  return Math.min(Math.ceil(Number(parts[1]) * (unitMs[parts[2] ?? ''] ?? 0)), longestTimerMs);
}

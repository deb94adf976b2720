/**
 * Looks for requests that cost more than their bytes: mutated requests, and parts of them, repeated a few and many times, are read
 * and decided, and neither the counted work nor the thread's time may grow faster than the bytes.
 * `node scripts/fuzz-costly.ts [COUNT] [SEED]`; 400 requests by default. Ends with `N passed, N failed`.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from './wire-bytes.ts';
import { workCounter } from './counted-work.ts';

// Only what is imported from here on is counted.
const blocksOf = await workCounter();
const { decideScaleUp } = await import('../src/decision/pipeline.ts');
const { defaultPolicy } = await import('../src/decision/policy.ts');
const { MalformedRequest } = await import('../src/errors/malformed-request.ts');
const { readBestOptions } = await import('../src/wire/best-options-reader.ts');
const { costlyRequests } = await import('./costly-requests.ts');
const { costlyKnowledge } = await import('./costly-knowledge.ts');
const { bytesField, concatenated } = await import('./wire-bytes.ts');
const { mutant, seededRandom, smallRequests } = await import('./wire-mutations.ts');

const count = Number(process.argv[2] ?? 400);
const random = seededRandom(Number(process.argv[3] ?? 20_260_102));

const few = 40;
const many = 4 * few;
/** Of the growth of the bytes: hash tables and buffers grow in steps. */
const allowance = 1.5;
/** Milliseconds of the thread; times below are noise. */
const leastMs = 40;

function answered(bytes: Uint8Array): void {
  try {
    decideScaleUp(readBestOptions(bytes), costlyKnowledge, defaultPolicy, 0);
  } catch (error) {
    if (!(error instanceof MalformedRequest)) throw error;
  }
}

function threadMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** The same piece again and again: as whole messages, or as the content of one field. */
function repeated(): (times: number) => Bytes {
  const whole = mutant(smallRequests, random);
  const from = random(whole.length);
  const piece = random(3) === 0 ? whole : whole.subarray(from, from + 1 + random(whole.length - from));
  const field = random(4);
  return (times) => {
    const pieces = concatenated(Array.from({ length: times }, () => piece));
    return field === 0 ? pieces : bytesField(field, pieces);
  };
}

async function faultOf(
  bytesOf: (times: number) => Bytes,
  low: number,
  high: number,
): Promise<string | undefined> {
  const [small, large] = [bytesOf(low), bytesOf(high)];
  const allowed = (large.length / small.length) * allowance;
  const work = [await blocksOf(() => answered(small)), await blocksOf(() => answered(large))] as const;
  // The count of what is done once for any request.
  if (work[1] > 200_000 && work[1] / work[0] > allowed)
    return `its work grows ${(work[1] / work[0]).toFixed(1)} times where its bytes grow ${(allowed / allowance).toFixed(1)} times`;
  const again = (): number => threadMs(() => answered(large));
  const largeMs = again();
  if (largeMs < leastMs) return undefined;
  const smallMs = Math.max(1, Math.min(...[1, 2, 3].map(() => threadMs(() => answered(small)))));
  const ratio = Math.min(largeMs, again(), again()) / smallMs;
  return ratio > 2 * allowed
    ? `its time grows ${ratio.toFixed(1)} times where its bytes grow ${(allowed / allowance).toFixed(1)} times`
    : undefined;
}

let failed = 0;
for (const { name, bytes } of costlyRequests) {
  const fault = await faultOf(bytes, 0.05, 0.2);
  if (fault !== undefined) {
    failed += 1;
    console.error(`${name}: ${fault}`);
  }
}
for (let index = 0; index < count; index += 1) {
  const bytesOf = repeated();
  const fault = await faultOf(bytesOf, few, many);
  if (fault === undefined) continue;
  failed += 1;
  const file = join(tmpdir(), `fuzz-costly-${index}.bin`);
  writeFileSync(file, bytesOf(many));
  console.error(`request ${index}: ${fault}; its bytes are in ${file}`);
}
console.log(`${count + costlyRequests.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

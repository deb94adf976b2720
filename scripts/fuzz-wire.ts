/**
 * Reads mutated BestOptions requests and checks that each is either read legally or refused in a sentence.
 * `node scripts/fuzz-wire.ts [COUNT] [SEED]`; 200,000 messages by default, the same ones every time. Ends with `N passed, N failed`.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultOf, mutant, realRequests, seededRandom, smallRequests } from './wire-mutations.ts';

const count = Number(process.argv[2] ?? 200_000);
const seed = Number(process.argv[3] ?? 20_260_101);
/** Real requests are large: one message in fifty is made from them. */
const oneRealIn = 50;

const random = seededRandom(seed);
let failed = 0;
for (let index = 0; index < count; index += 1) {
  const bytes = mutant(random(oneRealIn) === 0 ? realRequests : smallRequests, random);
  const fault = faultOf(bytes);
  if (fault !== undefined) {
    failed += 1;
    const file = join(tmpdir(), `fuzz-wire-${seed}-${index}.bin`);
    writeFileSync(file, bytes);
    console.error(`message ${index}: ${fault}; its ${bytes.length} bytes are in ${file}`);
  }
  if (index % 50_000 === 49_999) console.log(`${index + 1} of ${count} messages read`);
}
console.log(`${count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

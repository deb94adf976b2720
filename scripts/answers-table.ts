/**
 * Writes the table of bench/simulations.md that shows real requests of cluster-autoscalers answered by the classic
 * formula and by the default, side by side; `--print` only prints it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { bundledKnowledge } from '../bench/bundled-knowledge.ts';
import type { Knowledge } from '../src/decision/knowledge.ts';
import { decideScaleUp } from '../src/decision/pipeline.ts';
import { defaultPolicy } from '../src/decision/policy.ts';
import { readBestOptions } from '../src/wire/best-options-reader.ts';

const page = new URL('../bench/simulations.md', import.meta.url);
const [begin, end] = ['<!-- answers: node scripts/answers-table.ts -->\n', '<!-- end of answers -->'];
/** The day of the bundled snapshot: a later one changes nothing but how old its prices are. */
const nowMs = Date.UTC(2025, 6, 28);

async function table(): Promise<string> {
  const stop = new AbortController();
  try {
    const knowledge = await bundledKnowledge(stop.signal);
    const tables = Map.groupBy(['1.34.1', '1.34.5', '1.35.2'], (version) =>
      rowsOf(version, knowledge).join('\n'),
    );
    return [...tables]
      .map(([rows, versions]) =>
        [
          `| a request of autoscaler ${versions.join(', of ')} | \`formula: classic\`: place, yield | default: place, yield |`,
          '|---|---|---|',
          rows,
          '',
        ].join('\n'),
      )
      .join('\n');
  } finally {
    stop.abort();
  }
}

/** A group a row, in the order of the default. */
function rowsOf(version: string, knowledge: Knowledge): readonly string[] {
  const request = readBestOptions(
    readFileSync(new URL(`../test/fixtures/real_request.ca-${version}.bin`, import.meta.url)),
  );
  const [classic, usual] = (['classic', 'expected-cost'] as const).map((formula) => {
    const { ranked, drops } = decideScaleUp(request, knowledge, { ...defaultPolicy, formula }, nowMs);
    return new Map([
      ...ranked.map(({ id, yield: score }, at) => [id, `${at + 1}, ${score.toFixed(0)}`] as const),
      ...drops.map(({ id, reason }) => [id, `dropped: ${reason}`] as const),
    ]);
  });
  return [...(usual ?? [])].map(([id, place]) => `| ${id} | ${classic?.get(id) ?? ''} | ${place} |`);
}

const made = await table();
if (process.argv.includes('--print')) console.log(made);
else {
  const text = readFileSync(page, 'utf8');
  const [at, to] = [text.indexOf(begin), text.indexOf(end)];
  if (at < 0 || to < at)
    throw new Error(`bench/simulations.md has no place between ${begin.trim()} and ${end}`);
  writeFileSync(page, `${text.slice(0, at + begin.length)}\n${made}\n${text.slice(to)}`);
}

import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { importLightGbmCommand } from '../../../src/processes/offline/import-lightgbm.ts';
import { scoreCommand } from '../../../src/processes/offline/score.ts';
import { pythonWithDuckDb as python } from '../../peers/duckdb.ts';
import { runWith } from '../commands/run-command.ts';
import { driftingRows, header } from './drifting-history.ts';

const page = readFileSync(new URL('../../../docs/score.md', import.meta.url), 'utf8');
const shipped = new URL('../../../models/family-stress-12h.onnx', import.meta.url).pathname;
const hour = 3_600_000;

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([^\`]*)\`\`\``).exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/score.md has no ${language}`);
  return text;
}

describe('docs/score.md', function () {
  this.timeout(30_000);
  let folder = '';
  const rows = driftingRows(40, { region: 'eu-west-3', fromMs: Date.UTC(2024, 0, 1) });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'score-page-'));
    mkdirSync(join(folder, 'history'));
    writeFileSync(join(folder, 'history', 'changes.csv.gz'), gzipSync(`${header}${rows.join('\n')}\n`));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const scored = async (model: string): Promise<readonly string[]> => {
    const { error, exitCode } = await runWith([scoreCommand], folder, [
      ...['score', '--model', model, '--history', join(folder, 'history')],
      ...['--from', '2024-01-10', '--to', '2024-02-20', '--out', join(folder, 'scores.csv')],
    ]);
    expect(exitCode, error).to.equal(0);
    return readFileSync(join(folder, 'scores.csv'), 'utf8').trim().split('\n');
  };

  it('has SQL that gives every score its label, as counted by hand', async function () {
    if (python === undefined) {
      this.skip();
    }
    const [, ...scores] = await scored(shipped);
    const statements = block('sql')
      .replace('DIR/*.csv.gz', join(folder, 'history', '*.csv.gz'))
      .replace('scores.csv', join(folder, 'scores.csv'));
    const script = `import duckdb, sys
for statement in sys.argv[1].split(';'):
    if statement.strip(): answer = duckdb.execute(statement).fetchall()
unstable, pr_auc = answer[0]
print(unstable, pr_auc, duckdb.execute('select count(*) from judged').fetchone()[0])`;
    const [unstable, prAuc, judged] = execFileSync(python, ['-c', script, statements], { encoding: 'utf8' })
      .trim()
      .split(' ')
      .map(Number);
    const prices = new Map<string, (readonly [number, number])[]>();
    for (const row of rows) {
      const [at = '', , zone = '', type = '', , price] = row.split(',');
      const pool = `${zone},${type}`;
      prices.set(pool, [...(prices.get(pool) ?? []), [Date.parse(at), Number(price)]]);
    }
    const lastMs = Math.max(...[...prices.values()].flat().map(([at]) => at));
    let rises = 0;
    let answered = 0;
    for (const score of scores) {
      const [time = '', , zone = '', type = ''] = score.split(',');
      const atMs = Date.parse(time);
      if (atMs + 12 * hour > lastMs) continue;
      answered += 1;
      const pool = prices.get(`${zone},${type}`) ?? [];
      const now = pool.findLast(([at]) => at <= atMs)?.[1] ?? Number.NaN;
      const ahead = pool.filter(([at]) => at > atMs && at <= atMs + 12 * hour).map(([, price]) => price);
      if (Math.max(0, ...ahead) >= now * 1.03 * (1 - 1e-9)) rises += 1;
    }
    expect(rises).to.be.above(20);
    expect([unstable, judged]).to.deep.equal([rises, answered]);
    // Better than drawing at random, whose precision is the share of rises.
    expect(prAuc).to.be.within(rises / answered, 1);
  });

  it('has a card with which an imported model scores', async () => {
    const text =
      'tree\nobjective=binary sigmoid:1\nfeature_names=return_24h volatility_24h\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nsplit_gain=1\nthreshold=0.02\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=-3 1\n\nend of trees\n';
    writeFileSync(join(folder, 'model.txt'), text);
    const onnx = join(folder, 'ours-12h.onnx');
    const { out } = await runWith([importLightGbmCommand], folder, [
      ...['import-lightgbm', join(folder, 'model.txt'), '--out', onnx],
    ]);
    const [, sha256 = ''] = /sha256 ([0-9a-f]{64})/.exec(out) ?? [];
    const card = block('json').replace('what import-lightgbm printed', sha256);
    writeFileSync(join(folder, 'ours-12h.card.json'), card);
    const [, ...scores] = await scored(onnx);
    const said = new Set(scores.map((row) => Number(row.split(',')[5])));
    // Two leaves, two probabilities of the card's table.
    expect(said.size).to.equal(2);
  });
});

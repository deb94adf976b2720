/** `npm run bench`: our built server against a minimal Go expander, in one run and in turn. See README.md here. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { Command } from 'commander';
import { devCertificateFiles } from '../src/adapters/files/dev-certificate.ts';
import { goVersion, howToGetGo, repository } from '../scripts/go-tools.ts';
import { agentCosts } from './agent-costs.ts';
import { agentOnCluster } from './agent-on-cluster.ts';
import { costlyRequests } from './costly-requests.ts';
import { decisions } from './decisions.ts';
import { decodeAlone } from './decode.ts';
import { startedPeer } from './go-peer.ts';
import { largeRequests } from './large-requests.ts';
import { learning } from './learning.ts';
import { longLink } from './long-link.ts';
import type { Bench, FreshPair, Measurement } from './measurement.ts';
import { memory } from './memory.ts';
import { startedServer, type OurServer } from './our-server.ts';
import { rowJson, type Row } from './row.ts';
import { serverCosts } from './server-costs.ts';
import { severalClients } from './several-clients.ts';
import { smallCalls } from './small-calls.ts';
import { tableOf } from './table.ts';

interface Options {
  readonly json?: string;
  readonly only?: string;
  readonly quick: boolean;
  readonly list: boolean;
  readonly server?: string;
  readonly ca?: string;
  readonly history?: string;
}

const options = new Command('npm run bench --')
  .option('--json <file>', 'write one JSON object a row: name, ours, peer, ratio, unit')
  .option('--only <pattern>', 'measure what this regular expression matches')
  .option('--quick', 'fewer calls, and not the two largest sizes; about a minute', false)
  .option('--list', 'name the measurements and stop', false)
  .option('--server <host:port>', 'measure a server that runs already')
  .option('--ca <file>', 'root pool of that server')
  .option('--history <place>', 'price history to learn from, instead of made prices')
  .parse()
  .opts<Options>();

/** Decisions come first: they are timed in this process, whose heap the decoding fills. */
const measurements: readonly Measurement[] = [
  ...decisions,
  ...costlyRequests,
  ...smallCalls,
  ...largeRequests,
  ...longLink,
  ...severalClients,
  ...memory,
  ...decodeAlone,
  ...learning(options.history),
  ...serverCosts,
  ...agentCosts,
  ...agentOnCluster,
];

async function measured(chosen: readonly Measurement[]): Promise<readonly Row[]> {
  const directory = `${repository}.cache/bench`;
  mkdirSync(directory, { recursive: true });
  const certificate = await devCertificateFiles(`${directory}/certificate`, new Date());
  const ours =
    options.server === undefined ? await startedServer(certificate, directory) : elsewhere(options.server);
  const roots = `${directory}/roots.crt`;
  const rootFiles = [certificate.certFile, ...(options.ca === undefined ? [] : [options.ca])];
  writeFileSync(roots, rootFiles.map((file) => readFileSync(file, 'utf8')).join('\n'));
  const peer = await startedPeer(certificate, roots, directory);
  const freshPair = async (): Promise<FreshPair> => {
    const fresh = `${directory}/fresh`;
    mkdirSync(fresh, { recursive: true });
    const [server, go] = await Promise.all([
      startedServer(certificate, fresh),
      startedPeer(certificate, roots, fresh),
    ]);
    const stop = async (): Promise<void> => {
      await Promise.all([server.stop(), go.stop()]);
    };
    return { ours: server, peer: go, stop };
  };
  const bench: Bench = {
    quick: options.quick,
    ours,
    peer,
    freshPair: options.server === undefined ? freshPair : undefined,
    directory,
  };
  try {
    const rows: Row[] = [];
    for (const measurement of chosen) {
      process.stderr.write(`${measurement.name} …\n`);
      rows.push(...(await measurement.rows(bench)));
    }
    return rows;
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

function elsewhere(address: string): OurServer {
  return { address, pid: undefined, stop: () => Promise.resolve() };
}

async function main(): Promise<void> {
  const pattern = new RegExp(options.only ?? '');
  const chosen = measurements.filter(
    ({ name, slow }) => pattern.test(name) && !(options.quick && slow === true),
  );
  if (options.list) {
    console.log(
      measurements.map(({ name, slow }) => (slow === true ? `${name} (not with --quick)` : name)).join('\n'),
    );
    return;
  }
  if (goVersion() === undefined) {
    console.log(`The peer of every row is a Go program. ${howToGetGo}`);
    process.exitCode = 1;
    return;
  }
  const started = performance.now();
  const load = loadavg()[0] ?? 0;
  const rows = await measured(chosen);
  if (options.json !== undefined)
    writeFileSync(options.json, rows.map((row) => `${rowJson(row)}\n`).join(''));
  console.log(tableOf(rows));
  const missed = rows.filter(({ target }) => target?.met === false).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${rows.length} rows in ${seconds} s, ${missed === 0 ? 'every target met' : `${missed} targets not met`}; load average before: ${load.toFixed(1)}`,
  );
}

await main();

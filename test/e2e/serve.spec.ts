import { expect } from 'chai';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asker, type Asker } from './asked.ts';
import { bareEnvironment, freePort, run, served, type Run, type Served } from './served.ts';

const fixtures = new URL('../fixtures/', import.meta.url).pathname;
const realRequests = readdirSync(fixtures).filter((file) => /^real_request\..*\.bin$/.test(file));
const groups = [
  'spot-c5-large-a',
  'spot-c5-large-b',
  'spot-c5-xlarge-b',
  'spot-m5-large-c',
  'spot-m5-2xlarge-a',
  'spot-r5-large-b',
  'spot-m6g-large-a',
  'spot-t3-medium-c',
  'od-m5-large-a',
];

describe('spot-expander serve, as built', () => {
  let home: string;
  const running: Run[] = [];
  const asking: Asker[] = [];

  before(() => (home = mkdtempSync(join(tmpdir(), 'spot-expander-e2e-'))));
  after(() => rmSync(home, { recursive: true, force: true }));
  afterEach(async () => {
    for (const one of asking.splice(0)) one.close();
    await Promise.all(running.splice(0).map((one) => one.stop()));
  });

  async function start(
    args: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ): Promise<Served> {
    const server = await served(args, bareEnvironment(home, more));
    running.push(server);
    return server;
  }

  function asked(server: Served): Asker {
    const one = asker(server.port, certificateOf(server));
    asking.push(one);
    return one;
  }

  /** The path that the server prints: what an operator would hand to --grpc-expander-cert. */
  function certificateOf(server: Served): string {
    const path = /"([^"]*localhost\.crt)"/.exec(server.lines.join('\n'))?.[1];
    if (path === undefined) throw new Error(`no certificate is named:\n${server.lines.join('\n')}`);
    return path;
  }

  function refused(args: readonly string[], more: Readonly<Record<string, string>> = {}): Run {
    const one = run(['serve', ...args], bareEnvironment(home, more));
    running.push(one);
    return one;
  }

  describe('in TEST mode with nothing configured', () => {
    it('answers what real autoscalers sent with one group, the same for every wire form', async () => {
      const client = asked(await start());
      const answers = new Set<string>();
      for (const file of realRequests) {
        const ids = await client.bestOptions(readFileSync(join(fixtures, file)));
        expect(ids).to.have.length(1);
        expect(groups).to.include(ids[0]);
        answers.add(ids.join());
      }
      expect(realRequests).to.have.length(3);
      expect(answers.size).to.equal(1);
    });

    it('says in the log why, in one line a decision', async () => {
      const server = await start();
      const [id] = await asked(server).bestOptions(readFileSync(join(fixtures, realRequests[0]!)));
      const line = await server.line(
        (text) => text.includes('"decision') && text.includes(id!),
        'logging a decision',
      );
      expect(JSON.parse(line)).to.include.keys('msg', 'time', 'level');
    });

    it('is alive, ready and measured over HTTP', async () => {
      const server = await start();
      await asked(server).bestOptions(readFileSync(join(fixtures, realRequests[0]!)));
      for (const path of ['/healthz', '/readyz', '/health']) {
        const response = await fetch(`http://127.0.0.1:${server.httpPort}${path}`);
        expect(response.status, path).to.equal(200);
      }
      const metrics = await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text();
      expect(metrics).to.match(/^spot_scale_up_answers_total\{[^}]*\} 1$/m);
      for (const sample of [
        'spot_chosen_total{capacity="spot"} 1',
        'spot_yield_score_count{place="chosen"} 1',
        'spot_yield_score_count{place="runner-up"} 1',
        'spot_yield_score_count{place="others-mean"} 1',
        'spot_candidate_crash_probability_count{place="chosen"} 1',
        'spot_pools{known="priced"} 1415',
        'spot_source_known{source="spot_prices"} 1',
        'spot_certificate_refused 0',
      ])
        expect(metrics).to.include(`${sample}\n`);
      expect(metrics).to.match(/^spot_build_info\{version="\d+\.\d+\.\d+",mode="TEST"\} 1$/m);
      const page = await (await fetch(`http://127.0.0.1:${server.httpPort}/`)).text();
      expect(page).to.include('<title>spot-expander</title>');
    });

    it('keeps its development certificate between runs', async () => {
      const first = await start();
      const path = certificateOf(first);
      const content = readFileSync(path, 'utf8');
      await first.stop();
      expect(certificateOf(await start())).to.equal(path);
      expect(readFileSync(path, 'utf8')).to.equal(content);
    });
  });

  describe('with --demo, as npm start runs it', () => {
    it('answers a scale-up of a real autoscaler: the choice, the candidates, what others take, a notice, what next; and serves on', async () => {
      const server = await start(['--demo']);
      await server.line((line) => line.startsWith('Ctrl-C'), 'showing a scale-up');
      const shown = server.lines.filter((line) => !line.startsWith('{')).join('\n');
      for (const group of groups) expect(shown).to.include(group);
      const parts = [
        /^The choice: (spot|od)-\S+ ranks first of \d+ with yield/m,
        /^#\s+candidate .* expected\s+crash p/m,
        /^crash p: .* not a frequency/m,
        /^answered by: model$/m,
        /^ {2}least-waste {3}spot-\S+: \d+ nodes, \$/m,
        /^ {2}price {9}spot-\S+: \d+ nodes, \$/m,
        /^Then AWS gives a node of \S+@ap-south-1[abc] its two minutes/m,
        /^ {2}the choice: (spot|od)-\S+ ranks first of \d+/m,
        /^Where to look next:/m,
      ].map((part) => part.exec(shown)?.index ?? -1);
      expect(parts, shown).to.satisfy((all: number[]) =>
        all.every((at, place) => at > (all[place - 1] ?? -1)),
      );
      expect(/The choice: (\S+)/.exec(shown)?.[1]).to.not.equal(/ {2}the choice: (\S+)/.exec(shown)?.[1]);
      expect(await asked(server).bestOptions(readFileSync(join(fixtures, realRequests[0]!)))).to.have.length(
        1,
      );
    });

    it('names lines to try that work', async function () {
      this.timeout(60_000);
      const server = await start(['--demo']);
      await server.line((line) => line.startsWith('Ctrl-C'), 'showing a scale-up');
      const tried = server.lines.flatMap(
        (line) => /^ {2}(?:npx spot-expander|curl) (.*)$/.exec(line)?.[1] ?? [],
      );
      expect(tried).to.have.length(4);
      const [rank = '', explain = '', curl = '', demo = ''] = tried;
      const [, type = '', body = ''] = /-H '([^']*)' -d '([^']*)'/.exec(curl) ?? [];
      const [name = '', value = ''] = type.split(': ');
      const response = await fetch(/http:\S+/.exec(curl)?.[0] ?? '', {
        method: 'POST',
        headers: { [name]: value },
        body,
      });
      expect(response.status).to.equal(200);
      const commands = [
        [rank, 'c5.large@ap-south-1a'],
        [explain, 'answer: '],
        [demo, 'EVACUATE: '],
      ] as const;
      for (const [command, says] of commands) {
        const ended = run(command.split(' '), bareEnvironment(home));
        running.push(ended);
        expect(await ended.exitCode, ended.stderr()).to.equal(0);
        expect(ended.lines.join('\n')).to.include(says);
      }
    });
  });

  describe('told to end', () => {
    it('answers the calls that are under way and ends with 0', async () => {
      const server = await start();
      const client = asked(server);
      const message = readFileSync(join(fixtures, realRequests[0]!));
      await client.bestOptions(message);
      const open = Array.from({ length: 20 }, () => client.bestOptions(message));
      await Promise.race(open);
      server.signal('SIGTERM');
      const answers = await Promise.all(open);
      expect(answers.every((ids) => ids.length === 1)).to.equal(true);
      expect(await server.exitCode).to.equal(0);
    });

    it('ends with 0 on SIGINT too', async () => {
      const server = await start();
      server.signal('SIGINT');
      expect(await server.exitCode).to.equal(0);
    });
  });

  describe('used wrongly', () => {
    const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
      ['a flag that is none', ['--grpc-lisen', 'x'], /--grpc-lisen/],
      ['an address that is none', ['--grpc-listen', 'nowhere'], /--grpc-listen.*HOST:PORT/s],
      ['a probability above 1', ['--max-crash-probability', '1.2'], /--max-crash-probability.*0 to 1/s],
      ['a certificate without its key', ['--tls-cert', 'x.crt'], /--tls-cert and --tls-key go together/],
      ['a certificate that is not there', ['--tls-cert', 'x.crt', '--tls-key', 'x.key'], /x\.(crt|key)/],
      ['a configuration that is not there', ['--config', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
      ['PROD without certificates', ['--prod'], /PROD needs --tls-cert and --tls-key/],
      [
        'PROD without a cluster',
        ['--prod', '--tls-cert', 'x.crt', '--tls-key', 'x.key'],
        /PROD needs a cluster/,
      ],
    ];
    for (const [what, args, words] of mistakes) {
      it(`ends with 2 and says so: ${what}`, async () => {
        const one = refused(args);
        expect(await one.exitCode).to.equal(2);
        expect(one.stderr()).to.match(words);
        expect(one.stderr()).not.to.match(/\n\s+at /);
      });
    }

    it('names every mistake of a configuration file with its place', async () => {
      const path = join(home, 'wrong.yaml');
      writeFileSync(
        path,
        'answer_budget: 9s\nlog_level: loud\nmax_mesage_size: 1Gi\nnode_groups:\n  - match: {}\n',
      );
      const one = refused(['--config', path]);
      expect(await one.exitCode).to.equal(2);
      for (const word of ['answer_budget', 'log_level', 'max_mesage_size'])
        expect(one.stderr()).to.include(word);
    });

    it('ends with 1 and says which address is taken when it is that of HTTP, though gRPC listens already', async () => {
      const first = await start();
      const one = refused([
        '--grpc-listen',
        `127.0.0.1:${await freePort()}`,
        '--http-listen',
        `127.0.0.1:${first.httpPort}`,
      ]);
      expect(await one.exitCode).to.equal(1);
      expect(one.stderr()).to.include(String(first.httpPort));
    });

    it('ends with 2 when its certificate cannot be served, though it watches a cluster already', async () => {
      const kubeconfig = join(home, 'kubeconfig');
      writeFileSync(
        kubeconfig,
        'apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]\nusers: [{name: u, user: {token: t}}]\n',
      );
      const one = refused(['--kubeconfig', kubeconfig, '--tls-cert', 'x.crt', '--tls-key', 'x.key']);
      expect(await one.exitCode).to.equal(2);
      expect(one.stderr()).to.match(/x\.(crt|key)/);
    });

    it('says which address is taken', async () => {
      const first = await start();
      const one = refused([
        '--grpc-listen',
        `127.0.0.1:${first.port}`,
        '--http-listen',
        `127.0.0.1:${await freePort()}`,
      ]);
      expect(await one.exitCode).to.equal(1);
      expect(one.stderr()).to.include(`--grpc-listen 127.0.0.1:${first.port} is taken by another process`);
    });
  });
});

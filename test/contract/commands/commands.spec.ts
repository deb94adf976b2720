import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { doorway, grpcDoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import { startGrpcServer, type GrpcServer } from '../../../src/adapters/grpc/grpc-server.ts';
import { compressedText } from '../../../src/adapters/files/record-directory.ts';
import { advisorHandlers } from '../../../src/server/advisor/advisor-handlers.ts';
import type { EvaluateResponse, ExplainResponse, RankResponse } from '../../../src/api/messages.ts';
import { localAdvisor, type OpenedLocalAdvisor } from '../../../src/processes/ask/local-advisor.ts';
import { commandContext } from './command-context.ts';
import { recordedScaleUp } from './recorded-scale-up.ts';
import { runCommand } from './run-command.ts';

interface Replayed {
  readonly same_answer: boolean;
  readonly then: { readonly answer: readonly string[] };
  readonly now: { readonly answer: readonly string[]; readonly candidates: readonly object[] };
}

describe('the commands that ask', () => {
  let home: string;
  const run = (...args: readonly string[]) => runCommand(home, args);
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'commands-'));
  });
  after(() => rm(home, { recursive: true }));

  describe('without a server', () => {
    it('rank pools on the bundled snapshot as a table, and say in plain words what they rest on', async () => {
      const { out, error, exitCode } = await run(
        'rank',
        'c5.large@ap-south-1a',
        'm5.large@ap-south-1b',
        '--risk-model',
        'mock',
      );
      expect(exitCode).to.equal(0);
      expect(out).to.match(/#\s+candidate\s+nodes\s+\$\/h\s+on-demand/);
      expect(out).to.include('c5.large@ap-south-1a').and.include('m5.large@ap-south-1b');
      expect(out).to.include('answered by: price-only').and.include('the risk model is mock');
      expect(error).to.include('no trained model is in use').and.include('Spot prices are');
    });

    it('rank as JSON in the shape of the API, with nothing else on standard output', async () => {
      const { out, exitCode } = await run('rank', 'c5.large@ap-south-1a', 't3.medium@ap-south-1c', '--json');
      expect(exitCode).to.equal(0);
      const { candidates, degradation } = JSON.parse(out) as RankResponse;
      expect(candidates.map(({ id }) => id)).to.have.members([
        'c5.large@ap-south-1a',
        't3.medium@ap-south-1c',
      ]);
      expect(candidates[0]).to.include.keys(
        'spot_price',
        'tco',
        'yield_score',
        'filtered_reason',
        'filtered_by',
      );
      expect(degradation.step).to.be.a('string');
    });

    it('rank every pool that meets requirements', async () => {
      const { out } = await run(
        'rank',
        '--vcpu',
        '2',
        '--memory-gb',
        '16',
        '--architecture',
        'arm64',
        '--json',
      );
      const { candidates } = JSON.parse(out) as RankResponse;
      expect(candidates.length).to.be.greaterThan(3);
      for (const one of candidates)
        expect([one.architecture, (one.vcpu ?? 0) >= 2, (one.memory_gb ?? 0) >= 16]).to.deep.equal([
          'arm64',
          true,
          true,
        ]);
    });

    it('rank a request from a file by a static intelligence file', async () => {
      const data = join(home, 'static.json');
      await writeFile(
        data,
        JSON.stringify({
          metadata: { last_updated: '2026-01-31T00:00:00Z', region: 'eu-west-1' },
          spot_advisor: { 'zz1.large': { interrupt_rate: 0.25 } },
          instance_metadata: { 'zz1.large': { vcpu: 2, memory_gb: 8, architecture: 'x86_64' } },
          on_demand: { 'zz1.large': 0.1 },
          spot: { 'zz1.large@eu-west-1a': 0.03 },
        }),
      );
      const request = join(home, 'request.json');
      await writeFile(request, JSON.stringify({ pools: ['zz1.large@eu-west-1a'] }));
      const { out, exitCode } = await run(
        ...['rank', '--request', request, '--static-data', data, '--formula', 'classic', '--json'],
      );
      expect(exitCode).to.equal(0);
      const [only] = (JSON.parse(out) as RankResponse).candidates;
      expect(only).to.include({
        id: 'zz1.large@eu-west-1a',
        is_valid: false,
        filtered_code: 'interrupt-rate',
      });
    });

    it('decide by the settings that flags give', async () => {
      const dropped = await run(
        'rank',
        'c5.large@ap-south-1a',
        '--risk-model',
        'mock',
        '--max-crash-probability',
        '0.4',
        '--formula',
        'classic',
      );
      expect(dropped.out).to.include('every candidate was dropped').and.include('optimizer: ');
      const kept = await run(
        'rank',
        'c5.large@ap-south-1a',
        '--risk-model',
        'mock',
        '--max-crash-probability',
        '0.6',
      );
      expect(kept.out).not.to.include('dropped:');
    });

    it('evaluate an instance', async () => {
      const { out } = await run(
        'evaluate',
        'c5.large@ap-south-1a',
        '--signal',
        'INSTANCE_TERMINATION',
        '--json',
      );
      expect(JSON.parse(out) as EvaluateResponse).to.include({
        decision: 'EVACUATE',
        aws_signal: 'TERMINATION',
      });
      const told = await run('evaluate', 'c5.large@ap-south-1a', '--signal', 'REBALANCE');
      expect(told.out).to.match(/^DRAIN: AWS recommends/);
    });
  });

  describe('used wrongly, end with 2 and say what to change:', () => {
    const uses: readonly (readonly [args: readonly string[], says: string])[] = [
      [['rank'], 'give either pools as TYPE@ZONE'],
      [['rank', 'c5.large@ap-south-1a', '--vcpu', '2'], 'give either pools as TYPE@ZONE'],
      [['rank', 'c5.large'], 'must be TYPE@ZONE'],
      [['rank', 'c5.lrge@ap-south-1a'], 'did you mean c5.large'],
      [['rank', '--vcpu', 'two'], '--vcpu: must be a number'],
      [['rank', '--request', '/no/such/file'], 'cannot be used'],
      [['rank', '--replay', '/no/such/file'], 'cannot be read'],
      [['rank', '--replay', 'package.json'], 'is not a recording'],
      [['rank', '--replay', 'x', 'c5.large@ap-south-1a'], 'goes without pools'],
      [['rank', 'c5.large@ap-south-1a', '--static-data', '/no/such/file'], '/no/such/file'],
      [['rank', 'c5.large@ap-south-1a', '--max-crash-probability', '2'], '--max-crash-probability'],
      [['rank', 'c5.large@ap-south-1a', '--server', 'localhost'], '--server: must be host:port'],
      [
        ['rank', 'c5.large@ap-south-1a', '--server', 'localhost:1', '--risk-model', 'mock'],
        '--risk-model has no effect with --server',
      ],
      [['rank', 'c5.large@ap-south-1a', '--no-such-flag'], 'unknown option'],
      [['evaluate'], 'missing required argument'],
      [['evaluate', 'c5.large@ap-south-1a', '--signal', 'MAYBE'], 'must be NONE, REBALANCE or TERMINATION'],
      [['explain', '--last', '0'], 'must be a whole number'],
      [['explain', '--server', 'localhost:1', '--client-cert', 'x'], 'go together'],
      [['explain', '--server', 'localhost:1', '--server-ca', '/no/such/file'], 'cannot be read'],
    ];
    for (const [args, says] of uses) {
      it(args.join(' '), async () => {
        const { out, error, exitCode } = await run(...args);
        expect(error).to.include(says);
        expect([exitCode, out]).to.deep.equal([2, '']);
      });
    }
  });

  describe('with a server', () => {
    let server: GrpcServer;
    let local: OpenedLocalAdvisor;
    let target: string;
    before(async () => {
      const state = join(home, 'state', 'spot-expander');
      await mkdir(state, { recursive: true });
      // Where serve leaves it in TEST mode, so that the commands find it by themselves.
      const tls = await devCertificateFiles(state, new Date());
      local = await localAdvisor({}, commandContext(home));
      server = await startGrpcServer({
        listen: { host: '127.0.0.1', port: 0 },
        doorway: doorway({ limits: grpcDoorwayLimits, hasHandshake: true }),
        tls,
        bestOptions: (request) => Promise.resolve(Uint8Array.from(request)),
        services: [
          {
            service: 'spotadvisor.v1.SpotAdvisor',
            protoFile: 'spot_advisor.proto',
            handlers: advisorHandlers(local.advisor),
            requiresClientCertificate: false,
          },
        ],
      });
      target = `localhost:${server.port}`;
    });
    after(async () => {
      await server.drain(0);
      await local.close();
    });

    it('have nothing to explain before the first decision', async () => {
      expect((await run('explain', '--server', target)).out).to.equal('no decision has been made yet\n');
    });

    it('give the same JSON as without one', async () => {
      const args = ['rank', 'c5.large@ap-south-1a', 'm5.large@ap-south-1b', '--json'];
      const there = JSON.parse((await run(...args, '--server', target)).out) as RankResponse;
      const here = JSON.parse((await run(...args)).out) as RankResponse;
      expect({ ...there, decision_id: '', execution_time_ms: 0 }).to.deep.equal({
        ...here,
        decision_id: '',
        execution_time_ms: 0,
      });
    });

    it('evaluate there, and explain what was answered, one and many', async () => {
      const { out } = await run(
        'evaluate',
        'c5.large@ap-south-1b',
        '--signal',
        'REBALANCE',
        '--json',
        '--server',
        target,
      );
      const answer = JSON.parse(out) as EvaluateResponse;
      expect(answer).to.deep.include({ decision: 'DRAIN', selected_candidate: null, instance_id: null });

      const one = await run('explain', answer.decision_id, '--server', target);
      expect(one.out).to.include(`${answer.decision_id}  `).and.include('answer: DRAIN');
      const many = await run('explain', '--last', '10', '--server', target);
      expect(many.out).to.include('evaluate').and.include('rank').and.include(answer.decision_id);
      const json = JSON.parse((await run('explain', '--json', '--server', target)).out) as ExplainResponse;
      expect(json.decisions.map(({ decision_id }) => decision_id)).to.deep.equal([answer.decision_id]);
    });

    it('pass a server’s refusal on as wrong use, and a decision that is gone as a failure', async () => {
      const refused = await run('rank', 'c5.lrge@ap-south-1a', '--server', target);
      expect([refused.exitCode, refused.error]).to.satisfy(
        ([code, error]: [number, string]) => code === 2 && error.includes('did you mean c5.large'),
      );
      const gone = await run('explain', '000000000-0000', '--server', target);
      expect([gone.exitCode, gone.error]).to.satisfy(
        ([code, error]: [number, string]) =>
          code === 1 && error.includes('there is no decision 000000000-0000'),
      );
    });

    it('say that a server is away', async () => {
      const { exitCode, error } = await run('explain', '--server', 'localhost:1', '--timeout', '500ms');
      expect(exitCode).to.equal(1);
      expect(error).to.match(/localhost:1 (cannot be reached|did not answer in time)/);
    });

    it('do not trust a server by roots that are not its own', async () => {
      const stranger = await devCertificateFiles(join(home, 'stranger'), new Date());
      const { exitCode, error } = await run(
        'explain',
        '--server',
        target,
        '--server-ca',
        stranger.certFile,
        '--timeout',
        '2s',
      );
      expect(exitCode).to.equal(1);
      expect(error).to.include(target);
    });
  });

  describe('with a recording of a real scale-up', () => {
    let file: string;
    before(async () => {
      const { name, text } = await recordedScaleUp(home);
      file = join(home, `${name}.json.gz`);
      await writeFile(file, await compressedText(text));
    });

    it('decide it again and come to the same answer', async () => {
      const { out, exitCode } = await run('rank', '--replay', file, '--json');
      const { same_answer, then, now } = JSON.parse(out) as Replayed;
      expect([exitCode, same_answer, now.answer]).to.deep.equal([0, true, then.answer]);
      expect(now.answer).to.have.length(1);
      expect(now.candidates).to.have.length(9);
    });

    it('show then and now side by side', async () => {
      const { out } = await run('rank', '--replay', file);
      expect(out)
        .to.include('rank then')
        .and.include('spot-c5-large-a')
        .and.include('the answer is the same');
    });

    it('end with 1 when the program answers otherwise than then', async () => {
      const changed = join(home, 'changed.json');
      const { text } = await recordedScaleUp(home);
      await writeFile(changed, text.replace(/"answer":\["[^"]+"\]/, '"answer":["another-group"]'));
      const { out, exitCode } = await run('rank', '--replay', changed);
      expect(exitCode).to.equal(1);
      expect(out).to.include('THE ANSWER IS ANOTHER').and.include('answer then: another-group');
    });

    it('decide it by today’s settings on demand', async () => {
      const { out, exitCode } = await run(
        'rank',
        '--replay',
        file,
        '--today',
        '--risk-model',
        'mock',
        '--max-crash-probability',
        '0.1',
        '--formula',
        'classic',
        '--json',
      );
      const { now } = JSON.parse(out) as Replayed;
      expect(exitCode).to.equal(0);
      expect(now.answer).to.deep.equal(['od-m5-large-a']);
    });

    it('hold no name, image or label of a pod', async () => {
      const { text } = await recordedScaleUp(home);
      const request = await readFile(
        new URL('../../fixtures/real_request.ca-1.35.2.bin', import.meta.url),
        'latin1',
      );
      for (const word of ['batch', 'cache']) {
        expect(request).to.include(word);
        expect(text).not.to.include(word);
      }
    });
  });
});

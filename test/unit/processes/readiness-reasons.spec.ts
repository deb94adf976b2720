import { expect } from 'chai';
import { readinessReasons } from '../../../src/processes/serve/readiness-reasons.ts';

const dayMs = 86_400_000;

const well = {
  knowledge: [],
  certificate: { fingerprint256: 'A', subjectAltName: 'DNS:a', validFromMs: 0, validToMs: 90 * dayMs },
  nowMs: 10 * dayMs,
  certificateRefusal: undefined,
  model: { failures: 0, lastFailure: undefined },
  nodeWatch: { lastHeardMs: 1_000_000, startedMs: 0, nowMs: 1_060_000 },
};

describe('the reasons for being degraded', () => {
  it('are none when all is well, or when nothing is watched and no model is wanted', () => {
    expect(readinessReasons(well)).to.deep.equal([]);
    expect(readinessReasons({ ...well, model: undefined, nodeWatch: undefined })).to.deep.equal([]);
  });

  it('name the model that cannot be read and the certificate that is refused, after what is known of prices', () => {
    expect(
      readinessReasons({
        ...well,
        knowledge: ['No Spot price is known.'],
        model: { failures: 3, lastFailure: 'm.onnx cannot be read' },
        certificateRefusal: 'they do not belong together',
      }),
    ).to.deep.equal([
      'No Spot price is known.',
      'Risk model: m.onnx cannot be read',
      'The certificate files on disk are refused: they do not belong together',
    ]);
  });

  it('say that the nodes are not heard of, once a minute has passed without a first word', () => {
    const never = (nowMs: number) =>
      readinessReasons({ ...well, nodeWatch: { lastHeardMs: undefined, startedMs: 0, nowMs } });
    expect(never(30_000)).to.deep.equal([]);
    expect(never(90_000)[0]).to.include('not been heard of since the start');
  });

  it('say since when a watch is silent', () => {
    const nodeWatch = { lastHeardMs: 0, startedMs: 0, nowMs: 7 * 60_000 };
    expect(readinessReasons({ ...well, nodeWatch })[0]).to.include('for 7 minutes');
  });

  it('name the end of the served certificate in its last week, and after it', () => {
    const end = new Date(90 * dayMs).toISOString();
    expect(readinessReasons({ ...well, nowMs: 84 * dayMs })).to.deep.equal([
      `The served certificate ends on ${end}.`,
    ]);
    expect(readinessReasons({ ...well, nowMs: 91 * dayMs })).to.deep.equal([
      `The served certificate has ended on ${end}: no new connection succeeds.`,
    ]);
  });
});

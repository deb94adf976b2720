import type { IncomingHttpHeaders } from 'node:http';
import { expect } from 'chai';
import { routeGuard } from '../../../src/adapters/http/route-guard.ts';
import type { HttpFault } from '../../../src/adapters/http/http-fault.ts';

type Guarding = Parameters<typeof routeGuard>[0];

const open: Guarding = { wantsNames: false, hosts: [] };

/** The status that the guard refuses with; 200 when it does not. */
function answered(
  options: Guarding,
  access: Parameters<ReturnType<typeof routeGuard>>[0],
  headers: IncomingHttpHeaders,
): number {
  try {
    routeGuard(options)(access, headers);
    return 200;
  } catch (fault) {
    return (fault as HttpFault).status;
  }
}

describe('the guard of the HTTP API', () => {
  for (const host of [
    'localhost:8000',
    '127.0.0.1:8000',
    '10.1.2.3',
    '[::1]:8000',
    'spot-expander',
    'spot-expander-server.kube-system.svc:8000',
    'x.kube-system.svc.cluster.local',
    'ip-10-0-0-1.ec2.internal',
  ])
    it(`answers to the name ${host}`, () => expect(answered(open, 'read', { host })).to.equal(200));

  for (const host of ['evil.example', 'localhost.evil.example:8000', '127.0.0.1.evil.example', undefined])
    it(`does not answer to the name ${host ?? 'of nobody'}: a site could be pointed here by it`, () =>
      expect(answered(open, 'read', { host })).to.equal(403));

  it('answers to a name that the operator gives it', () =>
    expect(
      answered({ ...open, hosts: ['spot.example.com'] }, 'read', { host: 'Spot.example.com:443' }),
    ).to.equal(200));

  it('refuses pages of other sites, and answers its own', () => {
    const host = 'localhost:8000';
    expect(answered(open, 'read', { host, origin: 'http://localhost:8000' })).to.equal(200);
    for (const origin of ['http://evil.example', 'http://localhost:3000', 'null', 'nonsense'])
      expect(answered(open, 'read', { host, origin }), origin).to.equal(403);
    expect(answered(open, 'read', { host, 'sec-fetch-site': 'cross-site' })).to.equal(403);
  });

  it('lets probes and metrics through whatever is set', () => {
    for (const access of ['probe', 'open'] as const)
      expect(answered({ isToken: () => false, wantsNames: true, hosts: [] }, access, {})).to.equal(200);
  });

  it('wants the token where there is one, as a bearer’s or as the password of a browser', () => {
    const closed: Guarding = { ...open, isToken: (text) => text === 'right' };
    const host = 'localhost';
    const basic = (password: string): string =>
      `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
    for (const [authorization, status] of [
      [undefined, 401],
      ['Bearer wrong', 401],
      ['Bearer right', 200],
      ['bearer right', 200],
      [basic('wrong'), 401],
      [basic('right'), 200],
      ['right', 401],
    ] as const)
      expect(answered(closed, 'read', { host, authorization }), authorization).to.equal(status);
  });

  it('tells nothing without a token where gRPC wants certificates', () => {
    expect(answered({ ...open, wantsNames: true }, 'read', { host: 'localhost' })).to.equal(403);
  });

  it('changes nothing without a token, whatever else is set', () => {
    expect(answered(open, 'write', { host: 'localhost' })).to.equal(403);
    const closed: Guarding = { ...open, isToken: (text) => text === 'right' };
    expect(answered(closed, 'write', { host: 'localhost' })).to.equal(401);
    expect(answered(closed, 'write', { host: 'localhost', authorization: 'Bearer right' })).to.equal(200);
  });
});

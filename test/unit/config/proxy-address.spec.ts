import { expect } from 'chai';
import { agentConfig } from '../../../src/config/agent-config.ts';
import { proxyAddress } from '../../../src/config/proxy-address.ts';

describe('the address of a proxy', () => {
  for (const [text, url] of [
    ['proxy.corp.example:3128', 'http://proxy.corp.example:3128'],
    ['10.0.0.1:8080', 'http://10.0.0.1:8080'],
    ['proxy', 'http://proxy'],
    ['[fd00::1]:3128', 'http://[fd00::1]:3128'],
    ['me:secret@proxy:3128', 'http://me:secret@proxy:3128'],
    [' HTTP://proxy:3128 ', 'HTTP://proxy:3128'],
    ['https://proxy:3128', 'https://proxy:3128'],
    ['socks5://proxy:1080', undefined],
    ['ftp://proxy', undefined],
    ['http://', undefined],
    ['not a proxy', undefined],
  ] as const)
    it(`${text} is ${url ?? 'no proxy that can be used'}`, () => expect(proxyAddress(text)).to.equal(url));
});

describe('the agent’s proxy', () => {
  const config = (
    environment: Readonly<Record<string, string>>,
    flags: Readonly<Record<string, unknown>> = {},
  ) => agentConfig({ flags: { node_name: 'n', ...flags }, environment, file: undefined });
  const webhook = { webhook_url: 'https://hooks.example/x' };

  it('without a webhook no proxy of the machine’s ends the agent', () => {
    for (const HTTPS_PROXY of ['proxy.corp.example:3128', 'socks5://proxy:1080', 'not a proxy'])
      expect(config({ HTTPS_PROXY }).webhookProxy).to.equal(undefined);
  });

  it('with one it is read as curl reads it', () => {
    expect(config({ https_proxy: '10.0.0.1:8080' }, webhook).webhookProxy).to.equal('http://10.0.0.1:8080');
  });

  it('one that cannot be used is told with what to give, and without its password', () => {
    const refused = () => config({ HTTPS_PROXY: 'socks5://me:hush@proxy:1080' }, webhook);
    expect(refused).to.throw(/webhook-proxy \(also HTTPS_PROXY\).*http:\/\/HOST:PORT/);
    expect(refused).to.not.throw(/hush/);
  });
});

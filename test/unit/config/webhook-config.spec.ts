import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { webhookBody } from '../../../src/adapters/webhook/posted-webhook.ts';
import { templatePlaces } from '../../../src/config/webhook-templates.ts';
import type { WebhookMessage } from '../../../src/ports/webhook.ts';
import { agentConfig } from '../../../src/config/agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'webhook-'));
const url = 'https://hooks.example.com/T0/B0/hush';

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const webhook = (flags: Readonly<Record<string, string>>) =>
  agentConfig({ flags: { node_name: 'n', ...flags }, environment: {}, file: undefined }).webhook;

const message: WebhookMessage = {
  id: 'spot-interruption/2026-03-01T10:02:00Z',
  reason: 'SpotTermination',
  message: 'AWS takes "this"\ninstance',
  node: 'ip-10-0-0-1.ec2.internal',
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'c5.large',
  zone: 'us-east-1a',
  time: '2026-03-01T10:00:00.000Z',
};

describe('the webhook’s configuration', () => {
  it('takes the URL out of a Secret’s file, with the line end that such files have', () => {
    expect(webhook({ webhook_url_file: file('url', `${url}\n`) })?.url).to.equal(url);
    expect(webhook({})).to.equal(undefined);
  });

  it('never shows a URL that is none: it may be the secret', () => {
    expect(() => webhook({ webhook_url_file: file('bad-url', 'hush') }))
      .to.throw(/does not hold an http or https URL/)
      .and.not.match(/: hush|"hush"/);
  });

  it('reads secret headers from a file and never shows a bad line', () => {
    const path = file('headers', 'Authorization: Bearer x\n\nX-Key: a:b\n');
    expect(webhook({ webhook_url: url, webhook_headers_file: path })?.headers).to.deep.equal({
      authorization: 'Bearer x',
      'x-key': 'a:b',
    });
    expect(() => webhook({ webhook_headers_file: file('bad-headers', 'hush\n') }))
      .to.throw(/line 1/)
      .and.not.match(/hush/);
  });

  for (const [place, hint] of [
    ['{{ .EventID }}', '{{id}}'],
    ['{{ .Kind }}', '{{reason}}'],
    ['{{nodename}}', '{{node}}'],
    ['{{ range .Pods }}', undefined],
    ['{{}}', undefined],
  ] as const)
    it(`refuses ${place} in a template, with the places that there are`, () => {
      expect(() => webhook({ webhook_url: url, webhook_template: `{"text":"${place} at {{time}}"}` }))
        .to.throw(`${place}, which is no place: known are {{id}}, {{reason}}`)
        .and.satisfy((error: Error) => hint === undefined || error.message.includes(`did you mean ${hint}?`));
    });

  it('has a place for every field of a message, and for the key', () => {
    expect([...templatePlaces].sort()).to.deep.equal([...Object.keys(message), 'key'].sort());
  });

  it('takes a template out of a file, and one body only', () => {
    const path = file('template', '{"text":"{{ .node }} {{reason}}"}');
    expect(
      webhookBody(webhook({ webhook_url: url, webhook_template_file: path })?.template, message),
    ).to.equal('{"text":"ip-10-0-0-1.ec2.internal SpotTermination"}');
    expect(() => webhook({ webhook_template_file: path, webhook_format: 'slack' })).to.throw(/one of them/);
  });

  for (const format of ['slack', 'teams', 'pagerduty'] as const)
    it(`the ready body for ${format} is JSON whatever the message says, with nothing left open`, () => {
      const { template, key } = webhook({
        webhook_url: url,
        webhook_format: format,
        webhook_key_file: file('key', 'R0UT1NG\n'),
      })!;
      const body = webhookBody(template, message, key);
      expect(() => JSON.parse(body) as unknown).to.not.throw();
      expect(body).to.not.match(/\{\{/);
      expect(body).to.include('SpotTermination').and.include('ip-10-0-0-1').and.include('AWS takes');
    });

  it('PagerDuty gets its routing key, a name to fold repeated events by, and is not set up without a key', () => {
    const { template, key } = webhook({
      webhook_url: url,
      webhook_format: 'pagerduty',
      webhook_key_file: file('key', 'R0UT1NG\n'),
    })!;
    expect(JSON.parse(webhookBody(template, message, key))).to.include({
      routing_key: 'R0UT1NG',
      event_action: 'trigger',
      dedup_key: message.id,
    });
    expect(() => webhook({ webhook_url: url, webhook_format: 'pagerduty' })).to.throw(/--webhook-key-file/);
  });
});

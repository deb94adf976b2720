import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { agentMetrics } from '../../../src/agent/agent-metrics.ts';

describe('docs/agent.md', () => {
  const document = readFileSync(new URL('../../../docs/agent.md', import.meta.url), 'utf8');

  it('describes every metric of the agent with its label, and none that does not exist', async () => {
    const text = await agentMetrics({
      pollAgeSeconds: () => 1,
      isRefusing: () => false,
      drain: () => ({ decision: 'NONE', isWaiting: false }),
      version: '0',
    }).text();
    const labels = new Map<string, string>();
    for (const [, name = ''] of text.matchAll(/^# TYPE (\w+) \w+$/gm)) {
      const label = new RegExp(`^${name}\\{(\\w+)=`, 'm').exec(text)?.[1];
      labels.set(name, label === undefined ? name : `${name}{${label}}`);
    }
    const section = /^## Metrics$([\s\S]*?)^## /m.exec(document)?.[1] ?? '';
    const described = [...section.matchAll(/`((?:spot_agent|spot_build|process)_\w+(?:\{\w+\})?)`/g)].map(
      ([, name]) => name,
    );
    expect(described.sort()).to.deep.equal([...labels.values()].sort());
  });
});

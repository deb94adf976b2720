import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { agentSettings } from '../../../src/config/agent-settings.ts';

describe('docs/agent.md', () => {
  const [, configuration = ''] =
    /^## Configuration$([\s\S]*?)^## /m.exec(readFileSync('docs/agent.md', 'utf8')) ?? [];
  const named = new Set([...configuration.matchAll(/`([a-z]+(?:_[a-z]+)*)`/g)].map(([, key]) => key));

  it('names every setting of the agent', () => {
    expect(Object.keys(agentSettings).filter((key) => !named.has(key))).to.deep.equal([]);
  });
});

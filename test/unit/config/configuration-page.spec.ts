import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { withSettingsTable } from '../../../scripts/settings-table.ts';

describe('docs/configuration.md', () => {
  it('holds the table that npm run docs writes', () => {
    const text = readFileSync('docs/configuration.md', 'utf8');
    expect(withSettingsTable(text)).to.equal(text);
  });
});

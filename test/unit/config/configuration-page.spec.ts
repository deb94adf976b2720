import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { withSettingsTable } from '../../../scripts/settings-table.ts';

describe('docs/configuration.md', () => {
  it('holds the table that npm run docs writes', () => {
    const text = readFileSync('docs/configuration.md', 'utf8');
    expect(withSettingsTable(text)).to.equal(text);
  });

  it('names the unit and the range of every setting that has one, and the words of every other', () => {
    const row = (key: string): string =>
      readFileSync('docs/configuration.md', 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`| \`${key}\` |`)) ?? '';
    expect(row('answer_budget')).to.include('| duration, 0 to 5s | `2s` |');
    expect(row('model_refresh')).to.include('| duration, 1s to 366d | `30s` |');
    expect(row('max_crash_probability')).to.include('| 0 to 1 | `0.85` |');
    expect(row('hot_penalty')).to.include('| points, 0 to 100 | `60` |');
    expect(row('spot_failures')).to.include('| count, whole, 1 to 1000 | `3` |');
    expect(row('mode')).to.include('| `TEST`, `PROD` | `TEST` |');
  });
});

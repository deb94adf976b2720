import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { alertRules } from '../../../scripts/alerts/rules-file.ts';

const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
const alertsPart = /^## Alerts$([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
const sections = new Map(
  alertsPart
    .split(/^### /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text]),
);

describe('the runbook in docs/operations.md', () => {
  const rules = alertRules();

  it('has a section for each alert and an alert for each section', () => {
    expect([...sections.keys()].sort()).to.deep.equal(rules.map(({ alert }) => alert).sort());
  });

  for (const { alert, annotations } of rules)
    it(`says of ${alert} what it means, its impact, the first look, the fix and when to escalate`, () => {
      const text = sections.get(alert) ?? '';
      for (const part of ['Means', 'mpact', 'ix', 'Escalate:']) expect(text, part).to.include(part);
      // A more urgent twin may send its reader to the warning that has the rest.
      expect(text).to.match(/\*\*First look:\*\*|as \[SpotExpander\w+\]/);
      expect(annotations.runbook_url).to.equal(`docs/operations.md#${alert.toLowerCase()}`);
    });

  it('links to sections and pages that exist', () => {
    const anchors = new Set(
      [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    const wanted = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(wanted.filter((anchor) => !anchors.has(anchor))).to.deep.equal([]);
  });
});

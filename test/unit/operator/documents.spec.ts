import { expect } from 'chai';
import type { Command } from 'commander';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '../../../src/processes/commands.ts';
import { completionCommand } from '../../../src/processes/completion.ts';
import type { CommandContext } from '../../../src/processes/command-context.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const pages = readdirSync(join(repository, 'docs')).filter((file) => file.endsWith('.md'));
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...pages.map((page) => `docs/${page}`),
  ...[
    'bench/README.md',
    'bench/backtest.md',
    'bench/simulations.md',
    'bench/drills.md',
    'charts/spot-expander/README.md',
    'test/cluster/README.md',
  ],
];

const textOf = (document: string): string => readFileSync(join(repository, document), 'utf8');
const fence = /^( *)```[^\n]*\n([\s\S]*?)^ *```/gm;
const proseOf = (document: string): string => textOf(document).replaceAll(fence, '');

/** The lines of every block of code, those that a backslash continues in one. */
const codeOf = (document: string): readonly string[] =>
  [...textOf(document).matchAll(fence)].flatMap(([, , block = '']) =>
    block.replaceAll(/\\\n\s*/g, ' ').split('\n'),
  );

/** As GitHub makes them of headings; the second of a name ends in -1. */
function anchorsOf(document: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set([...textOf(document).matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id!));
  for (const [, heading = ''] of proseOf(document).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

/** What a relative link leads to that is not there; undefined where it is. */
function missingOf(document: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const found = path === '' ? document : relative(repository, join(repository, dirname(document), path));
  if (!existsSync(join(repository, found))) return `${document}: ${target} is no file`;
  if (anchor === undefined || !found.endsWith('.md') || anchorsOf(found).has(anchor)) return undefined;
  return `${document}: ${target} is no heading of ${found}`;
}

describe('the documents', () => {
  for (const document of documents)
    it(`${document} links to what exists`, () => {
      const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
      const relatives = targets.filter((target) => !/^(?:https?:|mailto:)/.test(target));
      expect(relatives.flatMap((target) => missingOf(document, target) ?? [])).to.deep.equal([]);
    });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    const wrong = documents.flatMap((document) =>
      [...textOf(document).matchAll(/npm run ([a-z][\w:-]*)/g)].flatMap(([line, script]) =>
        Object.hasOwn(scripts, script!) ? [] : [`${document}: ${line}`],
      ),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('have every page of docs/ once in their index, under one of four headings', () => {
    const groups = textOf('docs/README.md').split(/^## /m).slice(1);
    expect(groups.map((group) => group.split('\n')[0])).to.deep.equal([
      ...['Try', 'Install', 'Operate', 'Understand'],
    ]);
    const listed = groups.flatMap((group) =>
      [...group.matchAll(/\]\(([a-z-]+\.md)\)/g)].map(([, page]) => page!),
    );
    expect([...listed].sort()).to.deep.equal(pages.filter((page) => page !== 'README.md').sort());
  });
});

describe('docs/decisions.md', () => {
  const text = textOf('docs/decisions.md');
  const numbers = [...text.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));

  it('gives no number twice', () => {
    expect(numbers.length).to.be.greaterThan(90);
    expect(new Set(numbers).size).to.equal(numbers.length);
  });

  it('names decisions that exist where one was amended or replaced', () => {
    const named = [...text.matchAll(/(?:[Aa]mended|[Rr]eplaced) by ([\d, and]+)/g)].flatMap(([, list]) =>
      [...list!.matchAll(/\d+/g)].map(Number),
    );
    expect(named).not.to.be.empty;
    expect(named.filter((number) => !numbers.includes(number))).to.deep.equal([]);
  });
});

/** The words behind each `spot-expander` that a line runs, npx and variables before it left out. */
function invocations(line: string): readonly (readonly string[])[] {
  const parts = line.replace(/\s#\s.*$/, '').split(/&&|\|\||[|;]|\$\(/);
  return parts.flatMap((part) => {
    const found = /^\s*(?:[$#] )?(?:[A-Z_]+=\S+ )*(?:npx )?spot-expander(?:\s+(.*))?$/.exec(part);
    return found === null ? [] : [(found[1] ?? '').trim().split(/\s+/)];
  });
}

/** What an invocation names that is neither a command nor a flag of it. */
function unknownOf(words: readonly string[], tops: readonly Command[]): readonly string[] {
  const [name = '', ...rest] = words;
  if (name === '' || name.startsWith('-') || /^[A-Z<…]/.test(name)) return [];
  let command: Command | undefined = tops.find((one) => one.name() === name);
  if (command === undefined) return [`command ${name}`];
  const options = [...command.options];
  for (const word of rest) {
    const below: Command | undefined = command.commands.find((one: Command) => one.name() === word);
    if (below === undefined) break;
    command = below;
    options.push(...below.options);
  }
  const known = new Set(['--help', ...options.map(({ long }) => long)]);
  const flags = rest.flatMap((word) => /^[["'(]*(--[a-z][a-z0-9-]*)/.exec(word)?.[1] ?? []);
  const path = command.name();
  return flags.filter((flag) => !known.has(flag)).map((flag) => `${path} ${flag}`);
}

describe('the commands in the documents', () => {
  let tops: readonly Command[] = [];
  let shown = 0;

  before(async function () {
    this.timeout(60_000);
    const context: CommandContext = {
      writeOut: () => undefined,
      writeError: () => undefined,
      environment: {},
      signal: new AbortController().signal,
      setExitCode: () => undefined,
    };
    const factories = await Promise.all(Object.values(commands).map((load) => load()));
    tops = [...factories.map((make) => make(context)), completionCommand(context, commands)];
  });

  for (const document of documents)
    it(`${document} shows commands and flags of spot-expander that exist`, () => {
      const asked = codeOf(document).flatMap(invocations);
      shown += asked.length;
      expect(asked.flatMap((words) => unknownOf(words, tops))).to.deep.equal([]);
    });

  it('are seen by this test', () => {
    expect(shown).to.be.greaterThan(20);
    expect(invocations('A=1 npx spot-expander serve --x | tee y')).to.deep.equal([['serve', '--x']]);
    expect(unknownOf(['serve', '--grpc-listne', 'x'], tops)).to.deep.equal(['serve --grpc-listne']);
    expect(unknownOf(['srve'], tops)).to.deep.equal(['command srve']);
  });
});

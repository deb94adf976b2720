import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ESLint, Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { rooms, shared } from '../../../walls.js';

const root = new URL('../../../', import.meta.url).pathname;
const eslint = new ESLint({ cwd: root });
const wallRules = [
  'no-restricted-imports',
  'no-restricted-syntax',
  'no-restricted-properties',
  'no-restricted-globals',
];

/** What the walls say of a source that would lie at `path`. */
async function complaints(path: string, source: string): Promise<readonly string[]> {
  const config = (await eslint.calculateConfigForFile(`${root}${path}`)) as { rules: Linter.RulesRecord };
  const rules = Object.fromEntries(
    wallRules.flatMap((rule) => (rule in config.rules ? [[rule, config.rules[rule]]] : [])),
  );
  return new Linter()
    .verify(
      source,
      { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser }, rules },
      { filename: path },
    )
    .map(({ message }) => message);
}

/** A file in the first folder that a room names. */
const homes = rooms
  .filter(({ may }) => !may.includes('*'))
  .map((room) => ({ ...room, folder: room.room.replace('*', 'files') }));

describe('the walls of the house', () => {
  for (const { folder, may } of homes)
    it(`let src/${folder} import what CONTRIBUTING says and nothing else, statically and dynamically`, async () => {
      for (const other of homes) {
        if (other.folder === folder) continue;
        const target = `${'../'.repeat(folder.split('/').length)}${other.folder}/any.ts`;
        const isAllowed = may.includes(other.room);
        for (const source of [
          `import { a } from '${target}'; a();`,
          `export * from '${target}';`,
          `void import('${target}');`,
        ]) {
          const said = await complaints(`src/${folder}/probe.ts`, source);
          expect(said.length === 0, `${source} in src/${folder}: ${said.join()}`).to.equal(isAllowed);
        }
      }
    });

  it('let nobody import a process', async () => {
    for (const { folder } of homes) {
      const target = `${'../'.repeat(folder.split('/').length)}processes/version.ts`;
      expect(
        await complaints(`src/${folder}/probe.ts`, `import { version } from '${target}'; version();`),
        folder,
      ).not.to.be.empty;
      expect(await complaints(`src/${folder}/probe.ts`, `void import('${target}');`), folder).not.to.be.empty;
    }
  });

  for (const { folder, pure } of homes)
    if (pure === true)
      it(`keep clock, chance, environment and packages out of src/${folder}`, async () => {
        for (const source of [
          'Date.now();',
          'new Date();',
          'Math.random();',
          'process.env.A;',
          'setTimeout(() => {}, 1);',
          "import { readFile } from 'node:fs/promises'; readFile('x');",
          "import pino from 'pino'; pino();",
          "void import('node:fs');",
        ])
          expect(await complaints(`src/${folder}/probe.ts`, source), `${source} in src/${folder}`).not.to.be
            .empty;
        expect(await complaints(`src/${folder}/probe.ts`, 'new Date(0);')).to.be.empty;
      });

  for (const wing of ['server/knowledge', 'agent', 'offline/training'])
    it(`give src/${wing} the time by a clock`, async () => {
      expect(await complaints(`src/${wing}/probe.ts`, 'new Date();')).not.to.be.empty;
    });

  it('are the table in CONTRIBUTING, row for row', () => {
    const page = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');
    const rows = [...page.matchAll(/^\| `src\/([^`]+)` \| ([^|]*) \| ([^|]*) \|$/gm)].map(
      ([, room, holds, may]) => [room, holds, may],
    );
    expect(rows).to.deep.equal(rooms.map((room) => tableRow(room)));
  });
});

function tableRow({ room, may, pure, holds }: (typeof rooms)[number]): readonly string[] {
  const isWing = shared.every((one) => may.includes(one));
  const further = isWing ? may.filter((one) => !shared.includes(one)) : may;
  const list = [
    ...(isWing ? ['the shared rooms'] : []),
    ...further.map((one) => (one === '*' ? 'everything' : `\`${one}\``)),
  ];
  return [room, `${pure === true ? 'PURE: ' : ''}${holds}`, list.join(', ') || 'nothing'];
}

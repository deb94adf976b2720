// The walls of the house are rules here (walls.js has the plan): what a room may import, dynamically too, and where clock,
// chance and environment are allowed.
import { existsSync, readdirSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { onePlacePackages, rooms } from './walls.js';

const environment = {
  object: 'process',
  property: 'env',
  message: 'The environment is read once, in src/config.',
};
const noWorld = [
  { object: 'Date', property: 'now', message: 'A pure room takes the time as an argument.' },
  { object: 'Math', property: 'random', message: 'A pure room takes chance as an argument.' },
  environment,
];
const noClock = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'The time is an argument, or a clock that is given.',
};
const noWorldGlobals = [
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'performance',
  'Buffer',
].map((name) => ({ name, message: 'A pure room has no clock, no network and no process.' }));

/** The packages that are not at home in a folder of src/, as one pattern. */
function foreignPackages(folder) {
  const names = Object.entries(onePlacePackages)
    .filter(([, homes]) => !homes.includes(folder))
    .map(([name]) => name);
  return `^(${names.join('|')})$`;
}

/** An import may not match `pattern`, whether it is static or dynamic. The selector's grammar has no slash in a pattern. */
function noImport(patterns, ...syntax) {
  return {
    'no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': [
      'error',
      ...syntax,
      ...patterns.map(({ regex, message }) => ({
        selector: `ImportExpression > Literal[value=/${regex.replaceAll('/', String.raw`\u002F`)}/]`,
        message,
      })),
    ],
  };
}

/** The rules of one room that is a folder of src/. */
function roomRules(folder, { may, pure = false }) {
  const up = '../'.repeat(folder.split('/').length).replaceAll('.', String.raw`\.`);
  const wing = folder.split('/')[0];
  const inside = may.filter((room) => room.startsWith(`${wing}/`)).map((room) => room.slice(wing.length + 1));
  const allowed = [
    String.raw`\./`,
    ...may.map((room) => `${up}${room}/`),
    ...inside.map((room) => String.raw`\.\./${room}/`),
  ].join('|');
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      ...noImport(
        [
          {
            regex: `^(?!${allowed})${pure ? '' : String.raw`\.`}`,
            message: `src/${folder} imports ${may.length === 0 ? 'its own files' : may.join(', ')} only.`,
          },
          { regex: foreignPackages(`src/${folder}`), message: 'This package has one home, see walls.js.' },
        ],
        ...(pure || /^(server|agent|offline)/.test(folder) ? [noClock] : []),
      ),
      ...(pure && {
        'no-restricted-properties': ['error', ...noWorld],
        'no-restricted-globals': ['error', ...noWorldGlobals],
      }),
    },
  };
}

/** A room named `adapters/*` is every folder there. */
function foldersOf(room) {
  if (!room.endsWith('/*')) return [room];
  const parent = room.slice(0, -2);
  return readdirSync(`${import.meta.dirname}/src/${parent}`).map((name) => `${parent}/${name}`);
}

const walls = rooms
  .filter(({ may }) => !may.includes('*'))
  .flatMap((room) => foldersOf(room.room).map((folder) => roomRules(folder, room)));

for (const { room } of rooms)
  if (!room.endsWith('*') && !existsSync(`${import.meta.dirname}/src/${room}`))
    throw new Error(`walls.js names src/${room}, which is not there`);

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      '.cache/',
      '.state/',
      'reports/',
      'node_modules/',
      'test/conformance/',
      '**/*.cjs',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/environment.ts'],
    rules: { 'no-restricted-properties': ['error', environment] },
  },
  {
    files: ['src/processes/**/*.ts'],
    rules: noImport([
      { regex: foreignPackages('src/processes'), message: 'This package has one home, see walls.js.' },
    ]),
  },
  ...walls,
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'no-restricted-imports': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  // A browser's globals: TypeScript knows them, see the page's own tsconfig.json.
  { files: ['src/adapters/http/page/*.js'], rules: { 'no-undef': 'off' } },
);

// The walls of the house are rules here: what a room may import, and where clock, chance and environment are allowed.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const noWorld = [
  { object: 'Date', property: 'now', message: 'A pure room takes the time as an argument.' },
  { object: 'Math', property: 'random', message: 'A pure room takes chance as an argument.' },
  { object: 'process', property: 'env', message: 'The environment is read once, in src/config.' },
];

const noWorldGlobals = [
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'performance',
  'Buffer',
].map((name) => ({ name, message: 'A pure room has no clock, no network and no process.' }));

/** A pure room imports its own files and the named neighbour rooms, nothing else. */
function pureRoom(room, neighbours = []) {
  const allowed = neighbours.map((name) => `${name}/`).join('|');
  const pattern = allowed === '' ? String.raw`^(?!\./)` : String.raw`^(?!\./|(\.\./)+(${allowed}))`;
  return {
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: pattern,
              message: `src/${room} is pure: it imports its own room${neighbours.length ? ` and ${neighbours.join(', ')}` : ''} only.`,
            },
          ],
        },
      ],
      'no-restricted-properties': ['error', ...noWorld],
      'no-restricted-globals': ['error', ...noWorldGlobals],
    },
  };
}

/** Heavy packages are imported by one adapter folder each, so that a process pays only for what it uses. */
const onePlacePackages = {
  '@aws-sdk/client-ec2': 'src/adapters/ec2',
  '@aws-sdk/client-auto-scaling': 'src/adapters/autoscaling',
  '@aws-sdk/client-s3': 'src/adapters/s3',
  'onnxruntime-node': 'src/adapters/onnx',
  '@grpc/grpc-js': 'src/adapters/grpc',
  '@grpc/proto-loader': 'src/adapters/grpc',
  '@grpc/reflection': 'src/adapters/grpc',
  'grpc-health-check': 'src/adapters/grpc',
  hyparquet: 'src/adapters/parquet',
  'hyparquet-writer': 'src/adapters/parquet',
  'prom-client': 'src/telemetry',
  pino: 'src/telemetry',
};

const everyOnePlace = Object.entries(onePlacePackages).map(([name, home]) => ({
  name,
  message: `Only ${home} imports ${name}.`,
}));

function adapter(folder) {
  const own = Object.entries(onePlacePackages)
    .filter(([, home]) => home === `src/adapters/${folder}`)
    .map(([name]) => name);
  return {
    files: [`src/adapters/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: everyOnePlace.filter(({ name }) => !own.includes(name)),
          patterns: [
            {
              regex: String.raw`^(\.\./)+(processes|config)/`,
              message: 'Adapters do not know who composes them.',
            },
            { regex: String.raw`^\.\./(?!\.\./)`, message: 'Adapters never import each other.' },
          ],
        },
      ],
    },
  };
}

const adapters = [
  'grpc',
  'http',
  'ec2',
  'autoscaling',
  's3',
  'onnx',
  'kubernetes',
  'imds',
  'parquet',
  'files',
  'advisor-feed',
  'webhook',
  'record-files',
  'dev-certificate',
  'journal',
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '.state/', 'node_modules/', 'test/conformance/', '**/*.cjs'] },
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
      'no-restricted-imports': ['error', { paths: everyOnePlace }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/telemetry/**/*.ts', 'src/server/telemetry/**/*.ts', 'src/agent/agent-metrics.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: everyOnePlace.filter(({ name }) => !['prom-client', 'pino'].includes(name)) },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/environment.ts'],
    rules: { 'no-restricted-properties': ['error', noWorld[2]] },
  },
  pureRoom('decision'),
  pureRoom('drain'),
  pureRoom('learning'),
  pureRoom('reports'),
  pureRoom('wire', ['decision', 'errors']),
  pureRoom('ports', ['decision', 'learning', 'drain']),
  ...adapters.map(adapter),
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

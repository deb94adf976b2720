/**
 * Bundles the agent into dist/agent.js, and what it needs only at its start or only for a kubeconfig into dist/agent-parts.
 * A DaemonSet pays for each megabyte on every node: three plugins keep 7 MB out of it that the agent runs without.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBuiltin } from 'node:module';
import { build, type BuildOptions, type Plugin } from 'esbuild';

/** Beside the part that asks for it. */
const orderFile = 'read-order.cjs';

/**
 * Node's modules by `require`. An `import` of node:http makes Node read every property of it for the names that it exports,
 * and one of them is WebSocket: all of undici is loaded, 5.6 MB, for nothing.
 */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(bundle) {
    bundle.onResolve({ filter: /^[\w:/]+$/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** Of prom-client what the agent registers: its index brings a push gateway, a cluster's registry and OpenTelemetry, 4 MB. */
const fewMetrics: Plugin = {
  name: 'few-metrics',
  setup(bundle) {
    bundle.onResolve({ filter: /^prom-client$/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === 'as-it-is') return undefined;
      const found = await bundle.resolve(path, { ...options, pluginData: 'as-it-is' });
      return { path: join(dirname(found.path), 'lib'), namespace: 'few-metrics' };
    });
    bundle.onLoad({ filter: /.*/, namespace: 'few-metrics' }, ({ path }) => ({
      contents: ['Counter', 'Gauge', 'Histogram', 'Registry']
        .map((name) => `export { default as ${name} } from './${name.toLowerCase()}.js';`)
        .join('\n'),
      resolveDir: path,
    }));
  },
};

/**
 * What is needed once, at the start, is required and forgotten: commander, zod, yaml and the table of settings are 6 MB that
 * Node's garbage collector takes back. A module that is imported stays for ever.
 */
const forgotten: Plugin = {
  name: 'forgotten',
  setup(bundle) {
    bundle.onResolve({ filter: /\/read-order\.ts$/ }, ({ path }) => ({ path, namespace: 'forgotten' }));
    bundle.onLoad({ filter: /.*/, namespace: 'forgotten' }, () => ({
      contents: `
        import { createRequire } from 'node:module';
        export async function readOrder(...given) {
          const requireOnce = createRequire(import.meta.url);
          const file = requireOnce.resolve('./${orderFile}');
          try {
            return await requireOnce(file).readOrder(...given);
          } finally {
            delete requireOnce.cache[file];
            for (const name of ['__zod_globalConfig', '__zod_globalRegistry']) delete globalThis[name];
          }
        }`,
    }));
  },
};

const root = join(import.meta.dirname, '..');
const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(join(root, 'dist/agent-parts'), { recursive: true, force: true });
await build({
  ...shared,
  entryPoints: ['src/processes/agent/read-order.ts'],
  outfile: `dist/agent-parts/${orderFile}`,
  format: 'cjs',
});
await build({
  ...shared,
  entryPoints: { agent: 'src/processes/agent/agent-main.ts' },
  outdir: 'dist',
  splitting: true,
  chunkNames: 'agent-parts/[name]-[hash]',
  format: 'esm',
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  plugins: [requiredBuiltins, fewMetrics, forgotten],
});

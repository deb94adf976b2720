import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { z } from 'zod';

const manifest = z
  .object({ allowScripts: z.record(z.string(), z.boolean()), engines: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({ hasInstallScript: z.boolean().optional(), resolved: z.string().optional() }),
    ),
  })
  .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));

describe('packages', () => {
  it('every install script is allowed or denied by name, and no name is left over', () => {
    const withScript = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(Object.keys(manifest.allowScripts)).to.have.members([...new Set(withScript)]);
  });

  it('only what builds and runs the project may run a script', () => {
    const allowed = Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name]);
    expect(allowed).to.have.members(['esbuild', 'node']);
  });

  it('the lock names no registry’s host', () => {
    const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(resolved).to.deep.equal([]);
  });

  it('asks for the npm that obeys allowScripts', () => {
    expect(manifest.engines).to.deep.equal({ node: '>=24', npm: '>=11.16' });
  });
});

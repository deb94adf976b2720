import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const built = new URL('../../dist/adapters/kubernetes/', import.meta.url);

describe('the built client of the cluster', () => {
  const files = readdirSync(built).filter((name) => name.endsWith('.js'));

  it('is in one piece: no module of the library is read when the server starts', () => {
    const readers = files.filter((name) =>
      /(from|import\(?)\s*['"]@kubernetes\//.test(readFileSync(new URL(name, built), 'utf8')),
    );
    expect(readers).to.deep.equal([]);
    expect(files.filter((name) => name.startsWith('client-shared-'))).to.have.length(1);
  });

  it('gives everything that the sources take from it', async () => {
    const namesIn = async (href: string): Promise<readonly string[]> =>
      Object.keys((await import(href)) as object).sort();
    for (const name of ['client-apis', 'client-config']) {
      const source = new URL(`../../src/adapters/kubernetes/${name}.ts`, import.meta.url).href;
      expect(await namesIn(new URL(`${name}.js`, built).href)).to.deep.equal(await namesIn(source));
    }
  });
});

import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { UsageError } from '../../../src/errors/usage-error.ts';
import { onDemandPrices } from '../../../src/offline/training/on-demand-files.ts';
import { openLocation } from '../../../src/processes/offline/open-location.ts';

const { signal } = new AbortController();
const table = 'region,instance_type,on_demand_usd\nus-east-1,c5.large,0.085\n';

describe('tables of on-demand prices', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'on-demand-'))));
  afterEach(async () => await rm(directory, { recursive: true }));

  async function mistake(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(join(directory, name), content);
    const error: unknown = await onDemandPrices(join(directory, name), directory, openLocation, signal).catch(
      (caught: unknown) => caught,
    );
    expect(error).to.be.instanceOf(UsageError);
    return (error as UsageError).message;
  }

  for (const [name, why] of [
    ['on-demand-unreadable-1.csv', /no column for region, type, price among "us-east-1,c5\.large,62\.05"/],
    ['on-demand-unreadable-2.csv', /no column for region, type, price among "Name,API Name/],
  ] as const)
    it(`that cannot be read are errors with the file’s name: ${name}`, async () => {
      await copyFile(join('test/fixtures/field', name), join(directory, name));
      const error: unknown = await onDemandPrices(
        join(directory, name),
        directory,
        openLocation,
        signal,
      ).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(UsageError);
      expect((error as UsageError).message)
        .to.include(name)
        .and.to.match(why);
    });

  it('that are no such JSON, have no price, or are packed otherwise than with gzip are errors as well', async () => {
    expect(await mistake('a.json', '{"on_demand":')).to.match(/a\.json cannot be read: it is no JSON/);
    expect(await mistake('b.json', '{}')).to.match(/b\.json cannot be read: it has no section on_demand/);
    expect(await mistake('c.csv', 'region,instance_type,on_demand_usd\n')).to.match(/c\.csv .*no row/);
    expect(await mistake('d.csv.bz2', Buffer.from('BZh91AY&SY'))).to.match(/d\.csv\.bz2 .*packed/);
    expect(await mistake('e.csv.gz', gzipSync(table).subarray(0, 30))).to.match(/e\.csv\.gz cannot be read/);
  });

  it('are errors in a folder beside the history too, where nobody named them', async () => {
    await mkdir(join(directory, 'ondemand'));
    await writeFile(join(directory, 'ondemand', 'good.csv'), table);
    await writeFile(join(directory, 'ondemand', 'bad.csv'), 'x,y\n1,2\n');
    const error: unknown = await onDemandPrices(undefined, directory, openLocation, signal).catch(
      (caught: unknown) => caught,
    );
    expect((error as UsageError).message).to.match(/ondemand\/bad\.csv cannot be read/);
  });

  it('are read plain, with tabs and packed', async () => {
    for (const [name, bytes] of [
      ['a.csv', Buffer.from(table)],
      ['b.tsv', Buffer.from(table.replaceAll(',', '\t'))],
      ['c.csv.gz', gzipSync(table)],
    ] as const) {
      await writeFile(join(directory, name), bytes);
      const prices = await onDemandPrices(join(directory, name), directory, openLocation, signal);
      expect(prices.table('c5.large', 'us-east-1'), name).to.equal(0.085);
    }
  });
});

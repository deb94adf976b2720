import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The packages that a process holds after it ran `program`. */
function packagesLoadedBy(program: string): readonly string[] {
  const text = `
    import module from 'node:module';
    ${program}
    const names = Object.keys(module._cache).map((path) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(path)?.[1]);
    console.log(JSON.stringify([...new Set(names)]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: root,
    encoding: 'utf8',
  });
  return JSON.parse(output) as string[];
}

const heavy = ['@aws-sdk/client-ec2', '@aws-sdk/client-auto-scaling', 'onnxruntime-node'];

describe('heavy packages', () => {
  it('are not loaded by naming the adapters that use them', () => {
    const loaded = packagesLoadedBy(`
      await import('./src/adapters/ec2/market-ec2.ts');
      const { ec2Clients } = await import('./src/adapters/ec2/ec2-clients.ts');
      const { autoScalingGroups } = await import('./src/adapters/autoscaling/auto-scaling-groups.ts');
      await import('./src/adapters/onnx/onnx-model.ts');
      ec2Clients();
      autoScalingGroups();`);
    expect(loaded.filter((name) => heavy.includes(name))).to.deep.equal([]);
  });

  it('are loaded by the first use', () => {
    const loaded = packagesLoadedBy(`
      const { ec2Clients } = await import('./src/adapters/ec2/ec2-clients.ts');
      await ec2Clients().of('ap-south-1');`);
    expect(loaded).to.include('@aws-sdk/client-ec2');
  });
});

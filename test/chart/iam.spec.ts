import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { chartPath } from './rendered.ts';

const repository = join(chartPath, '..', '..');

/** `ec2:DescribeInstanceTypes` for each command of the SDK that an adapter sends. */
function sentActions(): readonly string[] {
  // Launch templates are EC2's and launch configurations are Auto Scaling's; the folder tells the service.
  const services = { ec2: 'ec2', autoscaling: 'autoscaling', s3: 's3' } as const;
  const names = Object.entries(services).flatMap(([folder, service]) =>
    readdirSync(join(repository, 'src/adapters', folder)).flatMap((file) => {
      const text = readFileSync(join(repository, 'src/adapters', folder, file), 'utf8');
      return [...text.matchAll(/new (?:\w+\.)?(\w+)Command\(/g)].map(([, name]) => `${service}:${name}`);
    }),
  );
  return [...new Set(names)].sort();
}

function allowedActions(): readonly string[] {
  const text = readFileSync(join(repository, 'docs/iam.md'), 'utf8');
  const blocks = [...text.matchAll(/<!-- policy: [\w ]+ -->\n```json\n([^`]+)```/g)].map(
    ([, json]): unknown => JSON.parse(json ?? ''),
  );
  expect(blocks).to.have.length(6);
  const actions = JSON.stringify(blocks).match(/"(ec2|autoscaling|s3):\w+"/g) ?? [];
  return [...new Set(actions.map((action) => action.slice(1, -1)))].sort();
}

describe('docs/iam.md', () => {
  it('allows what the adapters send to AWS, and nothing else', () => {
    const sent = sentActions()
      // Lists are allowed by the bucket; nothing that ships deletes an object.
      .map((action) => (action === 's3:ListObjectsV2' ? 's3:ListBucket' : action))
      .filter((action) => action !== 's3:DeleteObject');
    expect(allowedActions()).to.deep.equal([...sent].sort());
  });
});

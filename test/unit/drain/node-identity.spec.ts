import { expect } from 'chai';
import { foreignReason } from '../../../src/drain/node-identity.ts';
import { aNode, instanceId } from './simulated-node.ts';

describe('whose Node it is', () => {
  for (const providerId of [
    `aws:///ap-south-1a/${instanceId}`,
    `aws:///ap-south-1a/${instanceId}/`,
    `aws:///${instanceId}`,
    instanceId,
  ])
    it(`${providerId} is this instance`, () =>
      expect(foreignReason({ instanceId }, aNode({ providerId }))).to.equal(undefined));

  for (const providerId of [
    '',
    'k3s://node-a',
    'rke2://node-a',
    `kind://${instanceId}`,
    'aws:///ap-south-1a/',
  ])
    it(`"${providerId}" names no instance: refused, and what can be done about it is said`, () =>
      expect(foreignReason({ instanceId }, aNode({ providerId }))).to.match(
        /names no EC2 instance.*identify_by/,
      ));

  it('another instance is another instance, also where the address fits', () => {
    const node = aNode({
      providerId: 'aws:///ap-south-1a/i-0ffffffffffffffff',
      addresses: [{ type: 'InternalIP', address: '10.0.0.5' }],
    });
    const instanceAddress = { privateIp: '10.0.0.5', hostname: 'node-a' };
    expect(foreignReason({ instanceId, instanceAddress }, node)).to.match(/names i-0f/);
  });

  describe('by its address, where that was opted into', () => {
    const instanceAddress = {
      privateIp: '10.0.0.5',
      hostname: 'ip-10-0-0-5.ap-south-1.compute.internal',
    };
    const reasonOf = (name: string, address: string, over = {}) =>
      foreignReason(
        { instanceId, instanceAddress, ...over },
        aNode({
          name,
          providerId: 'k3s://x',
          addresses: [
            { type: 'InternalIP', address },
            { type: 'Hostname', address: name },
          ],
        }),
      );

    it('a Node of this address and this name is this instance, by its whole name or its first part', () => {
      expect(reasonOf('ip-10-0-0-5', '10.0.0.5')).to.equal(undefined);
      expect(reasonOf('ip-10-0-0-5.ap-south-1.compute.internal', '10.0.0.5')).to.equal(undefined);
    });

    it('either of them alone is not enough', () => {
      expect(reasonOf('ip-10-0-0-5', '10.0.0.6')).to.match(/none of its addresses/);
      expect(reasonOf('somebody', '10.0.0.5')).to.match(/not called/);
    });

    it('in an IPv6 cluster by its IPv6 address, however it is written', () => {
      const own = { instanceAddress: { ...instanceAddress, ipv6: '2001:db8:0:1:0:0:0:a' } };
      expect(reasonOf('ip-10-0-0-5', '2001:db8:0:1::a', own)).to.equal(undefined);
      expect(reasonOf('ip-10-0-0-5', '2001:db8:0:1::b', own)).to.match(
        /none of its addresses is 10\.0\.0\.5 or/,
      );
      expect(reasonOf('ip-10-0-0-5', '2001:db8:0:1::a')).to.match(/none of its addresses/);
    });

    it('an instance that does not know its own address is nobody', () => {
      const unknown = { instanceAddress: { privateIp: '', hostname: '' } };
      expect(reasonOf('ip-10-0-0-5', '', unknown)).to.match(/names no EC2 instance/);
    });
  });
});

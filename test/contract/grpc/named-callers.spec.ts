import { expect } from 'chai';
import { isNamedBy } from '../../../src/adapters/doorway/named-callers.ts';

describe('a caller', () => {
  const isNamed = isNamedBy(['10.0.3.0/24', '192.168.7.9', 'fd00:3::/64', 'spot-7f3a.kube-system.svc']);
  const from = (peer: string, authority = 'spot-expander:9443') => isNamed({ peer, authority });

  it('is named by its address or by its network, of either family and mapped as well', () => {
    for (const peer of ['10.0.3.7:4711', '192.168.7.9:1', '::ffff:10.0.3.7:4711', 'fd00:3::1:50000'])
      expect(from(peer), peer).to.equal(true);
    for (const peer of [
      '10.0.4.7:4711',
      '192.168.7.10:1',
      '::ffff:10.0.4.7:4711',
      'fd00:4::1:50000',
      'unknown:0',
    ])
      expect(from(peer), peer).to.equal(false);
  });

  it('is named by the host that it dialled, whatever the port', () => {
    expect(from('10.9.9.9:1', 'spot-7f3a.kube-system.svc:9443')).to.equal(true);
    expect(from('10.9.9.9:1', 'SPOT-7F3A.kube-system.svc')).to.equal(true);
    expect(from('10.9.9.9:1', 'spot-0000.kube-system.svc:9443')).to.equal(false);
    expect(from('10.9.9.9:1', '')).to.equal(false);
  });
});

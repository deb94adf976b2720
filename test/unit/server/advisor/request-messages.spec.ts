import { expect } from 'chai';
import { evaluateRequestMessage, rankRequestMessage } from '../../../../src/api/request-messages.ts';
import { InvalidRequest } from '../../../../src/errors/invalid-request.ts';

describe('requests for another process', () => {
  it('name pools and classes as the proto does', () => {
    const group = { id: 'a', instance_types: ['c5.large'], availability_zones: ['ap-south-1a'] };
    expect(
      rankRequestMessage({
        pools: ['c5.large@ap-south-1a', { pool: 'c5.large@ap-south-1b', capacity_type: 'on-demand' }],
        region: 'ap-south-1',
      }),
    ).to.deep.equal({
      pools: [{ pool: 'c5.large@ap-south-1a' }, { pool: 'c5.large@ap-south-1b', capacity_type: 'ON_DEMAND' }],
      region: 'ap-south-1',
    });
    expect(
      rankRequestMessage({
        node_groups: [
          { ...group, capacity_type: 'spot' },
          { ...group, id: 'b' },
        ],
      }),
    ).to.deep.equal({
      node_groups: [
        { ...group, capacity_type: 'SPOT' },
        { ...group, id: 'b' },
      ],
    });
  });

  it('name signals as the proto does, so that none is lost on the way', () => {
    const pool = 'c5.large@ap-south-1a';
    expect(evaluateRequestMessage({ pool, aws_signal: 'instance_termination' })).to.deep.equal({
      pool,
      aws_signal: 'TERMINATION',
    });
  });

  it('are refused here when a field would be lost there', () => {
    expect(() => evaluateRequestMessage({ pool: 'c5.large@ap-south-1a', aws_sigal: 'REBALANCE' })).to.throw(
      InvalidRequest,
      'aws_sigal',
    );
  });
});

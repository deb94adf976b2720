import { expect } from 'chai';
import { ClusterUnavailable } from '../../../src/errors/cluster-unavailable.ts';

describe('an API server that did not do what was asked', () => {
  for (const status of [400, 403, 405, 422])
    it(`will not do it later either after ${status}`, () => {
      expect(new ClusterUnavailable('PATCH', { status }).isFinal).to.equal(true);
    });

  for (const status of [401, 404, 409, 410, 429, 500, 503, 504, undefined])
    it(`may do it later after ${status ?? 'no answer'}`, () => {
      const details = status === undefined ? {} : { status };
      expect(new ClusterUnavailable('PATCH', details).isFinal).to.equal(false);
    });
});

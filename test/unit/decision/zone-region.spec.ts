import { expect } from 'chai';
import { isZoneId, regionOfZone } from '../../../src/decision/zone-region.ts';

describe("a zone's region", () => {
  const cases: readonly (readonly [zone: string, region: string | undefined, isId: boolean])[] = [
    ['ap-south-1a', 'ap-south-1', false],
    ['ap-south-1', 'ap-south-1', false],
    ['us-gov-west-1b', 'us-gov-west-1', false],
    ['us-west-2-lax-1a', 'us-west-2', false],
    ['us-east-1-wl1-bos-wlz-1', 'us-east-1', false],
    ['eu-west-2-wl12-lon-wlz1', 'eu-west-2', false],
    ['aps1-az1', 'ap-south-1', true],
    ['use1-az12', 'us-east-1', true],
    ['usw2-lax1-az1', 'us-west-2', true],
    ['use1-wl1-bos-wlz1', 'us-east-1', true],
    ['apne1-az4', 'ap-northeast-1', true],
    ['apse12-az1', 'ap-southeast-12', true],
    ['cnnw1-az1', 'cn-northwest-1', true],
    ['cnn1-az1', 'cn-north-1', true],
    ['euc1-az2', 'eu-central-1', true],
    ['eus2-az2', 'eu-south-2', true],
    ['xxsw1-az1', 'xx-southwest-1', true],
    ['usgw1-az1', 'us-gov-west-1', true],
    ['us-ge1-az1', 'us-gov-east-1', true],
    ['', undefined, false],
    ['zone-a', undefined, false],
    ['ap-south-1ab', undefined, false],
    ['1ap-south-1a', undefined, false],
    ['a-south-1a', undefined, false],
    ['ap-south', undefined, false],
    ['ap-south-1a-', undefined, false],
    ['ap-south-1-lax-1', undefined, false],
    ['us-east-1-wlx-bos-wlz-1', undefined, false],
    ['aps1-az', undefined, false],
    ['aps-az1', undefined, false],
    ['aps1-az1x', undefined, false],
    ['xaps1-az1', undefined, false],
    ['apx1-az1', undefined, false],
    ['us-west2-den-a', undefined, false],
  ];
  for (const [zone, region, isId] of cases)
    it(`of ${zone === '' ? 'nothing' : zone} is ${region ?? 'not known'}`, () => {
      expect(regionOfZone(zone)).to.equal(region);
      expect(isZoneId(zone)).to.equal(isId);
    });
});

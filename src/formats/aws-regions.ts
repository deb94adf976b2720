import { didYouMean } from '../errors/nearest-names.ts';

/** Every region that AWS has opened, of all partitions. */
export const awsRegions: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-1',
  'eu-central-2',
  'eu-isoe-west-1',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eusc-de-east-1',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'me-west-1',
  'mx-central-1',
  'sa-east-1',
  'sa-west-1',
  'us-east-1',
  'us-east-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isob-west-1',
  'us-isof-east-1',
  'us-isof-south-1',
  'us-west-1',
  'us-west-2',
];

/** A region newer than this program is written with `new:` before it, so that a slip of the pen is not taken for one. */
const newRegion = /^new:([a-z]{2,}(?:-[a-z]+)+-\d+)$/;

/** The region that a person names, or what is wrong with the name. */
export function namedRegion(text: string): { readonly region: string } | { readonly mistake: string } {
  const name = text.trim();
  const fresh = newRegion.exec(name)?.[1];
  if (fresh !== undefined) return { region: fresh };
  if (awsRegions.includes(name)) return { region: name };
  const near = didYouMean(name, awsRegions);
  return {
    mistake: `${JSON.stringify(name)} is no AWS region known here${near === '' ? '; one that is newer than this program is written new:REGION' : near}`,
  };
}

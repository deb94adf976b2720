import type { Rendering } from './rendered.ts';

/** All that can be switched on at once. */
export const everything: Rendering = {
  values: {
    storage: { kind: 'volume' },
    regions: ['ap-south-1', 'us-east-1', 'eu-central-1'],
    agent: { hostNetwork: false, karpenter: true, webhook: { headersSecret: 'hook' } },
    server: { autoscaling: { enabled: true } },
    monitoring: { dashboard: { enabled: true } },
    tls: { mode: 'certManager' },
  },
  apis: ['monitoring.coreos.com/v1'],
};

/** Values that differ in what they make. */
export const combinations: Readonly<Record<string, Rendering>> = {
  'the defaults': {},
  everything,
  'S3, an existing secret, no agent': {
    values: {
      storage: { kind: 's3', s3: { uri: 's3://bucket/p' } },
      tls: { mode: 'existingSecret', existingSecret: { name: 'x' } },
      agent: { enabled: false },
    },
  },
  'no policies of any kind': {
    values: {
      networkPolicy: { enabled: false },
      admissionPolicy: { enabled: false },
      releaseNodes: { enabled: false },
      server: { podDisruptionBudget: { enabled: false } },
    },
  },
};

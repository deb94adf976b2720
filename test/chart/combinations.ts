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
  'what others of these charts have': {
    values: {
      storage: { kind: 'volume' },
      global: { imageRegistry: 'registry.example.com', imagePullSecrets: [{ name: 'pull' }] },
      rbac: { create: false },
      podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null },
      server: {
        serviceAccount: { create: false, name: 'mine' },
        service: {
          type: 'LoadBalancer',
          ipFamilyPolicy: 'SingleStack',
          ipFamilies: ['IPv4'],
          labels: { team: 'a' },
          loadBalancerSourceRanges: ['10.0.0.0/8'],
        },
        updateStrategy: { type: 'Recreate' },
        topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone', maxSkew: 2 }],
        dnsPolicy: 'Default',
        dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
        securityContext: { seLinuxOptions: { level: 's0' } },
        extraArgs: ['--log-level', 'debug'],
        tolerations: [{ key: 'spot', operator: 'Equal', value: 'true', effect: 'NoSchedule' }],
      },
      agent: {
        serviceAccount: { name: 'theirs' },
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }] },
              ],
            },
          },
        },
        updateStrategy: { type: 'OnDelete' },
        dnsPolicy: 'Default',
        podSecurityContext: { supplementalGroups: [7] },
        extraArgs: ['--dry-run'],
        webhook: {
          urlSecret: { name: 'hook' },
          headersSecret: 'hook',
          templateConfigMap: { name: 'body', key: 'slack.json' },
          keySecret: { name: 'pager' },
        },
      },
      collect: { affinity: { podAntiAffinity: {} }, podLabels: { team: 'a' } },
      monitoring: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
    },
    apis: ['monitoring.coreos.com/v1'],
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

/** JSON schemas of what Kubernetes itself takes, as far as a wrong kind of value would come out of the templates as something else. */

export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };

/** Labels, annotations and selectors: `true` and `42` without quotes are no strings, and the API server refuses them late. */
export const texts: Schema = { type: 'object', additionalProperties: text };

export const textList: Schema = { type: 'array', items: text };

/** A number of something, or a share such as `10%`. */
export const countOrShare: Schema = { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]{1,3}%$' };

export const quantity: Schema = {
  type: ['number', 'string'],
  exclusiveMinimum: 0,
  pattern: '^[0-9]+(\\.[0-9]+)?(m|k|K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$',
};

export const quantities: Schema = { type: 'object', additionalProperties: quantity };

const expression: Schema = {
  type: 'object',
  required: ['key', 'operator'],
  properties: { key: text, operator: text, values: textList },
  additionalProperties: false,
};

const expressions: Schema = { type: 'array', items: expression };

export const nodeSelectorTerm: Schema = {
  type: 'object',
  properties: { matchExpressions: expressions, matchFields: expressions },
  additionalProperties: false,
};

const labelSelector: Schema = {
  type: 'object',
  properties: { matchLabels: texts, matchExpressions: expressions },
  additionalProperties: false,
};

export const toleration: Schema = {
  type: 'object',
  properties: {
    key: text,
    operator: text,
    value: text,
    effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
    tolerationSeconds: { type: 'integer' },
  },
  additionalProperties: false,
};

export const topologySpread: Schema = {
  type: 'object',
  required: ['topologyKey'],
  properties: {
    topologyKey: text,
    maxSkew: { type: 'integer', minimum: 1 },
    minDomains: { type: 'integer', minimum: 1 },
    whenUnsatisfiable: { enum: ['ScheduleAnyway', 'DoNotSchedule'] },
    labelSelector,
    matchLabelKeys: textList,
    nodeAffinityPolicy: { enum: ['Honor', 'Ignore'] },
    nodeTaintsPolicy: { enum: ['Honor', 'Ignore'] },
  },
  additionalProperties: false,
};

const podTerm: Schema = {
  type: 'object',
  properties: {
    labelSelector,
    namespaceSelector: labelSelector,
    namespaces: textList,
    topologyKey: text,
    matchLabelKeys: textList,
    mismatchLabelKeys: textList,
  },
};

const preferred = (what: string, term: Schema): Schema => ({
  type: 'array',
  items: {
    type: 'object',
    properties: { weight: { type: 'integer', minimum: 1, maximum: 100 }, [what]: term },
    additionalProperties: false,
  },
});

const podAffinity: Schema = {
  type: 'object',
  properties: {
    requiredDuringSchedulingIgnoredDuringExecution: { type: 'array', items: podTerm },
    preferredDuringSchedulingIgnoredDuringExecution: preferred('podAffinityTerm', podTerm),
  },
  additionalProperties: false,
};

export const affinity: Schema = {
  type: 'object',
  properties: {
    nodeAffinity: {
      type: 'object',
      properties: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          type: 'object',
          properties: { nodeSelectorTerms: { type: 'array', items: nodeSelectorTerm } },
          additionalProperties: false,
        },
        preferredDuringSchedulingIgnoredDuringExecution: preferred('preference', nodeSelectorTerm),
      },
      additionalProperties: false,
    },
    podAffinity,
    podAntiAffinity: podAffinity,
  },
  additionalProperties: false,
};

/** Variables by value, from the pod itself or from a ConfigMap: one from a Secret does not pass. */
export const environment: Schema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      name: text,
      value: text,
      valueFrom: {
        type: 'object',
        properties: {
          fieldRef: { type: 'object' },
          resourceFieldRef: { type: 'object' },
          configMapKeyRef: { type: 'object' },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
};

export const pullSecrets: Schema = {
  type: 'array',
  items: { type: 'object', required: ['name'], properties: { name: text }, additionalProperties: false },
};

export function rollingStrategy(otherType: string): Schema {
  return {
    type: 'object',
    properties: {
      type: { enum: ['RollingUpdate', otherType] },
      rollingUpdate: {
        type: 'object',
        properties: { maxUnavailable: countOrShare, maxSurge: countOrShare },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  };
}

import type { Container, EnvVar, Pod } from './pod-types.ts';

/** What the environment of a container is made of, beside its spec. */
export interface Surroundings {
  readonly podIp: string;
  readonly hostIp: string;
  readonly configMap: (name: string) => Readonly<Record<string, string>> | undefined;
  readonly secret: (name: string) => Readonly<Record<string, string>> | undefined;
  /** KUBERNETES_SERVICE_HOST and its like. */
  readonly services: Readonly<Record<string, string>>;
}

/** As the kubelet makes it: services first, then the spec in order, each variable seeing those before it. */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  around: Surroundings,
): Readonly<Record<string, string>> {
  const known: Record<string, string> = { ...around.services };
  for (const one of container.env ?? []) {
    const value = valueOf(one, pod, container, around, known);
    if (value !== undefined) known[one.name] = value;
  }
  return known;
}

function valueOf(
  { name, value, valueFrom }: EnvVar,
  pod: Pod,
  container: Container,
  around: Surroundings,
  known: Readonly<Record<string, string>>,
): string | undefined {
  if (valueFrom === undefined) return expanded(value ?? '', known);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath, around);
  if (resourceFieldRef !== undefined) return resourceOf(container, resourceFieldRef.resource);
  const ref = configMapKeyRef ?? secretKeyRef;
  if (ref === undefined) throw new Error(`the source of variable ${name} is not played`);
  const from = configMapKeyRef === undefined ? around.secret(ref.name) : around.configMap(ref.name);
  const found = from?.[ref.key];
  if (found === undefined && ref.optional !== true)
    throw new Error(`variable ${name}: no key ${ref.key} in ${ref.name}`);
  return found;
}

/** `$(NAME)` of what is known; `$$` is a dollar; what is not known stays as it is. */
export function expanded(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)/g, (whole, name?: string) =>
    name === undefined ? '$' : (known[name] ?? whole),
  );
}

export function fieldOf(
  { metadata, spec }: Pod,
  path: string,
  around: Pick<Surroundings, 'podIp' | 'hostIp'>,
): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null)
    return (keyed[1] === 'labels' ? metadata.labels : metadata.annotations)?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': around.podIp,
    'status.podIPs': around.podIp,
    'status.hostIP': around.hostIp,
    'status.hostIPs': around.hostIp,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`the field ${path} is not played`);
  return value;
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  M: 1e6,
  G: 1e9,
};

function resourceOf({ resources }: Container, path: string): string {
  const [kind, name] = path.split('.', 2);
  const text = (kind === 'limits' ? resources?.limits : resources?.requests)?.[name ?? ''];
  const match = /^(\d+)(m|Ki|Mi|Gi|M|G|)$/.exec(text ?? '');
  if (match === null) throw new Error(`the resource ${path} (${text ?? 'not set'}) is not played`);
  const amount = Number(match[1]);
  return String(match[2] === 'm' ? Math.ceil(amount / 1_000) : amount * (units[match[2] ?? ''] ?? 1));
}

import type { ServicePort } from './fabric-messages.ts';
import type { EndpointSlice, Service } from './pod-types.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Ready endpoints; when there are none, those that end but still serve. */
function addressesOf(
  slices: readonly EndpointSlice[],
): readonly { readonly slice: EndpointSlice; readonly host: string }[] {
  const all = slices.flatMap((slice) =>
    (slice.endpoints ?? []).map(({ addresses, conditions }) => ({
      slice,
      host: addresses[0] ?? '',
      conditions,
    })),
  );
  const ready = all.filter(({ conditions }) => conditions.ready !== false);
  return ready.length > 0 ? ready : all.filter(({ conditions }) => conditions.serving === true);
}

function slicesOf({ metadata }: Service, slices: readonly EndpointSlice[]): readonly EndpointSlice[] {
  return slices.filter(
    (slice) =>
      slice.metadata.namespace === metadata.namespace &&
      slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name,
  );
}

function isApiServer({ metadata }: Service): boolean {
  return metadata.namespace === 'default' && metadata.name === 'kubernetes';
}

/** Where each Service's ports lead. */
export function servicePorts(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  apiServer: Address,
): readonly ServicePort[] {
  return services.flatMap((service) => {
    const { clusterIP, ports = [] } = service.spec;
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') return [];
    return ports.map(({ name, port }) => ({
      address: clusterIP,
      port,
      targets: isApiServer(service)
        ? [apiServer]
        : addressesOf(slicesOf(service, slices)).flatMap(({ slice, host }) => {
            const target = slice.ports?.find((one) => (one.name ?? '') === (name ?? ''));
            return target === undefined ? [] : [{ host, port: target.port }];
          }),
    }));
  });
}

/** What the cluster's DNS would answer, as lines of /etc/hosts. */
export function hostLines(services: readonly Service[], slices: readonly EndpointSlice[]): string {
  const lines = services.flatMap((service) => {
    const { name, namespace } = service.metadata;
    const names = ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`]
      .map((rest) => `${name}${rest}`)
      .join(' ');
    const { clusterIP } = service.spec;
    const addresses =
      clusterIP === 'None' ? addressesOf(slicesOf(service, slices)).map(({ host }) => host) : [clusterIP];
    return addresses
      .filter((address) => address !== undefined && address !== '')
      .map((address) => `${address} ${names}`);
  });
  return ['127.0.0.1 localhost', ...lines, ''].join('\n');
}

/** The API server's variables, and those of the namespace's Services. */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { metadata, spec } of services) {
    const isKnown =
      metadata.namespace === namespace ||
      (metadata.namespace === 'default' && metadata.name === 'kubernetes');
    const port = spec.ports?.[0]?.port;
    if (!isKnown || spec.clusterIP === undefined || spec.clusterIP === 'None' || port === undefined) continue;
    const name = metadata.name.toUpperCase().replaceAll('-', '_');
    variables[`${name}_SERVICE_HOST`] = spec.clusterIP;
    variables[`${name}_SERVICE_PORT`] = String(port);
  }
  return variables;
}

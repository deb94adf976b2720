import type { ContainerStatus } from './played-container.ts';

interface Known {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly startTime: string;
  readonly address: string;
  readonly hostAddress: string;
  readonly containers: readonly ContainerStatus[];
  readonly initial: readonly ContainerStatus[];
}

/** The status that a kubelet writes; conditions merge by type, so that the scheduler's own stays. */
export function podStatus({ phase, startTime, address, hostAddress, containers, initial }: Known): unknown {
  const isReady = phase === 'Running' && containers.every((one) => one.ready);
  const isInitialized = initial.every(({ state }) => state.terminated?.exitCode === 0);
  const condition = (type: string, holds: boolean) => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
  });
  return {
    phase,
    startTime: startTime.replace(/\.\d+/, ''),
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [
      condition('PodReadyToStartContainers', true),
      condition('Initialized', isInitialized),
      condition('ContainersReady', isReady),
      condition('Ready', isReady),
    ],
    containerStatuses: containers,
    ...(initial.length > 0 && { initContainerStatuses: initial }),
  };
}

import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, Probe } from './pod-types.ts';

/** Asks as the kubelet does, in its rhythm, and says each time the verdict is reached; ends with the signal. */
export async function probeLoop(
  probe: Probe,
  container: Container,
  address: string,
  verdict: (isGood: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const ended = () => signal.aborted;
  const pause = (seconds: number) => sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
  await pause(probe.initialDelaySeconds ?? 0);
  let inARow = 0;
  let last: boolean | undefined;
  while (!ended()) {
    const isGood = await probed(probe, container, address);
    if (ended()) return;
    inARow = isGood === last ? inARow + 1 : 1;
    last = isGood;
    if (inARow >= (isGood ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3))) verdict(isGood);
    await pause(probe.periodSeconds ?? 10);
  }
}

function probed(probe: Probe, container: Container, address: string): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000;
  const { httpGet: asked, tcpSocket } = probe;
  if (asked !== undefined) return answersHttp(asked, portOf(asked.port, container), address, timeoutMs);
  if (tcpSocket !== undefined) return accepts(portOf(tcpSocket.port, container), address, timeoutMs);
  throw new Error(`a probe of ${container.name} is of a kind that is not played`);
}

function portOf(port: number | string, { ports, name }: Container): number {
  if (typeof port === 'number') return port;
  const found = ports?.find((one) => one.name === port);
  if (found === undefined) throw new Error(`container ${name} names no port ${port}`);
  return found.containerPort;
}

function answersHttp(
  { path = '/', scheme = 'HTTP' }: NonNullable<Probe['httpGet']>,
  port: number,
  host: string,
  timeout: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host, port, path, timeout, agent: false, headers: { 'user-agent': 'kube-probe/1.34' } };
    const answered = (response: IncomingMessage) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400);
    };
    // The kubelet looks at no certificate either.
    const sent =
      scheme === 'HTTPS'
        ? httpsGet({ ...options, rejectUnauthorized: false }, answered)
        : httpGet(options, answered);
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
  });
}

function accepts(port: number, host: string, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout });
    const end = (isGood: boolean) => {
      socket.destroy();
      resolve(isGood);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

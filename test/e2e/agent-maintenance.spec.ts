/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { setTimeout as sleep } from 'node:timers/promises';
import { signalCondition } from '../../src/drain/marks.ts';
import { until } from '../peers/until.ts';
import { agentStories } from './agent-stories.ts';

agentStories('scheduled events', (story) => {
  const event = (node: string, over: Readonly<Record<string, string>> = {}) => ({
    Code: 'instance-stop',
    Description: 'The instance is running on degraded hardware',
    EventId: `instance-event-${node}`,
    NotBefore: new Date(Date.now() + 60_000).toUTCString().slice(5),
    State: 'active',
    ...over,
  });

  it('maintenance: drains at its lead time and leaves an event weeks ahead alone', async () => {
    const { imds, node, agentOn, addNode, addPod, marked, emptied, isUntouched } = story();
    await addNode();
    await addPod('web');
    const one = await agentOn();
    imds.scheduled = [event(node, { NotBefore: '21 Jan 2039 09:00:43 GMT' })];
    await until(
      'the event to be seen',
      async () => (await one.metric('spot_agent_notices_total', 'kind="maintenance"')) === 1,
    );
    await sleep(300);
    await isUntouched();
    imds.scheduled = [event(node)];
    await marked('MAINTENANCE');
    await emptied();
  });

  it('maintenance that is cancelled is reverted', async () => {
    const { imds, node, agentOn, addNode, marked, reverted, isUntouched } = story();
    await addNode();
    await agentOn();
    imds.scheduled = [event(node)];
    await marked('MAINTENANCE');
    imds.scheduled = [event(node, { State: 'canceled' })];
    await reverted();
    await isUntouched();
  });

  it('maintenance with a reboot: uncordons after it', async () => {
    const { world, imds, node, agentOn, addNode, marked, reverted, isUntouched } = story();
    await addNode();
    const first = await agentOn();
    imds.scheduled = [event(node, { Code: 'system-reboot' })];
    await marked('MAINTENANCE');
    await until('the condition', async () =>
      (await world.node(node)).status.conditions?.some((one: any) => one.type === signalCondition),
    );
    await first.stop();
    const { nodeInfo } = (await world.node(node)).status;
    await world.changeNodeStatus(node, { status: { nodeInfo: { ...nodeInfo, bootID: 'boot-2' } } });
    await agentOn();
    await reverted();
    await isUntouched();
  });
});

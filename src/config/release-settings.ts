import * as z from 'zod';
import { agentSettings } from './agent-settings.ts';
import { flag, setting } from './setting.ts';
import { durationMs, wholeNumber, yesOrNo } from './value-types.ts';

/** What `spot-expander release-nodes` takes. */
export const releaseSettings = {
  kubeconfig: agentSettings.kubeconfig,
  api_timeout: agentSettings.api_timeout,
  namespace: setting(
    z.string().min(1).optional(),
    undefined,
    'namespace',
    "the agents': where their pods and the drain budget's Leases are; default: of the service account or kubeconfig",
    ['POD_NAMESPACE'],
  ),
  instance_of: setting(
    z.string().min(1).optional(),
    undefined,
    'release',
    'wait for the agents of this Helm release only',
  ),
  timeout: setting(durationMs(), '5m', 'duration', 'for everything, the wait for agents included'),
  wait: flag(
    yesOrNo,
    'true',
    'yes|no',
    'wait for the agents to end; one that still runs may set its marks again',
  ),
  concurrency: setting(wholeNumber(1, 64), 8, 'count', 'writes in flight'),
  dry_run: setting(agentSettings.dry_run.schema, 'false', 'yes|no', agentSettings.dry_run.description),
} as const;

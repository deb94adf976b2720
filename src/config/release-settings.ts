import * as z from 'zod';
import { agentSettings } from './agent-settings.ts';
import { setting } from './setting.ts';
import { boundedNumber, durationMs } from './value-types.ts';

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
  concurrency: setting(boundedNumber(1, 64), 8, 'n', 'writes in flight'),
  dry_run: setting(agentSettings.dry_run.schema, 'false', 'yes|no', agentSettings.dry_run.description),
} as const;

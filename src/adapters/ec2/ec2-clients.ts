import type * as Ec2Sdk from '@aws-sdk/client-ec2';
import { clientSettings, type ClientAccess } from '../../aws/client-settings.ts';
import { usualPatience, type CallEvents, type Patience } from '../../aws/patient-call.ts';

export interface Ec2Options extends ClientAccess {
  readonly patience?: Partial<Patience>;
  readonly events?: CallEvents;
}

/** One client per region; the SDK is loaded with the first one, so that a process without AWS never pays for it. */
export interface Ec2Clients {
  readonly of: (
    region: string,
  ) => Promise<{ readonly sdk: typeof Ec2Sdk; readonly client: Ec2Sdk.EC2Client }>;
  readonly patience: Patience;
  readonly events: CallEvents;
  readonly close: () => void;
}

export function ec2Clients(options: Ec2Options = {}): Ec2Clients {
  const patience = { ...usualPatience, ...options.patience };
  const clients = new Map<string, Ec2Sdk.EC2Client>();
  return {
    patience,
    events: options.events ?? {},
    async of(region) {
      const sdk = await import('@aws-sdk/client-ec2');
      let client = clients.get(region);
      if (client === undefined) {
        client = new sdk.EC2Client({ region, ...clientSettings(options, patience) });
        clients.set(region, client);
      }
      return { sdk, client };
    },
    close() {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}

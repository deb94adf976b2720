import { Command } from 'commander';
import { z } from 'zod';
import { capacityManagerEc2 } from '../../adapters/ec2/capacity-manager-ec2.ts';
import { ec2Clients } from '../../adapters/ec2/ec2-clients.ts';
import { marketEc2 } from '../../adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../adapters/ec2/region-facts-ec2.ts';
import { setting } from '../../config/setting.ts';
import { awsRegion, awsRegionList, yesOrNo } from '../../config/value-types.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';

const doctorSettings = {
  scope: 'DOCTOR',
  table: {
    region: setting(awsRegionList, undefined, 'regions', 'whose sources at AWS are asked'),
    capacity_manager_region: setting(
      awsRegion.optional(),
      undefined,
      'region',
      'where EC2 Capacity Manager is enabled; default the first of the regions where it is',
    ),
    ec2_endpoint: setting(z.string().optional(), undefined, 'url', 'a private endpoint of the EC2 API'),
    json: setting(yesOrNo, 'false', '', 'findings as JSON'),
  },
} as const;

/** What stands in front of a line, and in JSON. `missing`: the program works, and knows less. */
type Verdict = 'ok' | 'missing' | 'broken';
const signs: Readonly<Record<Verdict, string>> = { ok: 'ok  ', missing: 'warn', broken: 'FAIL' };

interface AwsFinding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** `spot-expander doctor`: asks each source at AWS once, changes nothing, and says what is lost without it. */
export function doctorCommand(context: CommandContext): Command {
  return withSettings(
    new Command('doctor'),
    doctorSettings,
    '0 nothing is broken, 1 prices or zones cannot be read, 2 used wrongly',
  )
    .description('ask each source of knowledge at AWS once, and say what is lost without it')
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      const { region, capacity_manager_region, ec2_endpoint, json } = readSettings(
        doctorSettings,
        flags,
        context,
      );
      const clients = ec2Clients(ec2_endpoint === undefined ? {} : { endpoint: ec2_endpoint });
      const { signal } = context;
      const findings: AwsFinding[] = [];
      try {
        for (const one of region) {
          findings.push(
            await finding(`${one} zones`, 'broken', async () => {
              const ids = await regionFactsEc2(clients).zoneIds(one, signal);
              return [...ids].map(([name, id]) => `${name} is ${id}`).join(', ');
            }),
            await finding(`${one} spot prices`, 'broken', async () => {
              const series = await marketEc2(clients).history({ region: one, sinceMs: Date.now() }, signal);
              return `of ${series.length} pools`;
            }),
          );
          signal.throwIfAborted();
        }
        const homeRegions = capacity_manager_region === undefined ? region : [capacity_manager_region];
        const manager = capacityManagerEc2(clients);
        findings.push(
          await finding('EC2 Capacity Manager', 'missing', async () => {
            const wish = { homeRegions, enable: false, organization: false };
            const opened = await manager.open(wish, signal);
            if (opened.kind !== 'open') throw new Error(opened.sentence);
            const { earliestMs, latestMs, organization } = opened;
            return `enabled in ${opened.homeRegion} for ${organization ? 'the organization' : 'this account'}: hours from ${hourText(earliestMs)} to ${hourText(latestMs)}`;
          }),
        );
        signal.throwIfAborted();
      } finally {
        clients.close();
      }
      if (json) context.writeOut(`${JSON.stringify(findings, null, 2)}\n`);
      else
        for (const { check, verdict, detail } of findings)
          context.writeOut(`${signs[verdict]}  ${check}: ${detail}\n`);
      if (findings.some(({ verdict }) => verdict === 'broken')) context.setExitCode(1);
    });
}

async function finding(
  check: string,
  without: Exclude<Verdict, 'ok'>,
  ask: () => Promise<string>,
): Promise<AwsFinding> {
  try {
    return { check, verdict: 'ok', detail: await ask() };
  } catch (error) {
    return { check, verdict: without, detail: messageOf(error) };
  }
}

function hourText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  evaluateResponseFrom,
  explainResponseFrom,
  listPoolsResponseFrom,
  rankResponseFrom,
} from '../../api/answers.ts';
import { evaluateRequestMessage, rankRequestMessage } from '../../api/request-messages.ts';
import { serveConfig } from '../../config/serve-config.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import { flagName, type SettingValues } from '../../config/setting.ts';
import { settingFlags } from '../../config/setting-flags.ts';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings } from '../settings-command.ts';
import { askedRegion, serverSettings } from './ask-settings.ts';
import type { LocalAdvisor } from './local-advisor.ts';
import type { OpenedAdvisor } from './opened-advisor.ts';

type ServerSettings = SettingValues<typeof serverSettings>;

/** @throws UsageError */
export function serverSettingsOf(
  options: Readonly<Record<string, unknown>>,
  context: CommandContext,
): ServerSettings {
  return readSettings({ table: serverSettings }, options, context);
}

/**
 * The API of the server that the options name, or of this process.
 * @throws UsageError, also for settings that would have no effect on a server's answer.
 */
export async function openedAdvisor(
  options: Readonly<Record<string, unknown>>,
  context: CommandContext,
  openLocal: LocalAdvisor,
): Promise<OpenedAdvisor> {
  const settings = serverSettingsOf(options, context);
  if (settings.server === undefined) return openLocal(options, context);
  readSettings({ table: askedRegion }, options, context);
  const idle = Object.entries({ ...settingFlags(decisionSettings, options), config: options['config'] })
    .filter(([key, value]) => value !== undefined && key !== 'region')
    .map(([key]) => `${flagName(key)} has no effect with --server: the server decides by its own settings`);
  if (idle.length > 0) throw new UsageError(idle);
  return openRemoteAdvisor(settings.server, settings, context);
}

/** The server's own API as if it were here. @throws UsageError when a certificate file cannot be read. */
export async function openRemoteAdvisor(
  server: string,
  settings: ServerSettings,
  context: CommandContext,
): Promise<OpenedAdvisor> {
  if ((settings.client_cert === undefined) !== (settings.client_key === undefined))
    throw new UsageError(['--client-cert and --client-key go together: give both or neither']);
  const { advisorClient } = await import('../../adapters/grpc/advisor-client.ts');
  const client = advisorClient({
    target: server,
    rootCertificates: rootsOf(server, settings, context),
    clientCertificate:
      settings.client_cert === undefined || settings.client_key === undefined
        ? undefined
        : { certificate: bytesOf(settings.client_cert), key: bytesOf(settings.client_key) },
    token: settings.server_token_file === undefined ? undefined : tokenOf(settings.server_token_file),
    timeoutMs: settings.timeout,
  });
  const { call } = client;
  const { signal } = context;
  return {
    advisor: {
      rank: async (request) => rankResponseFrom(await call('Rank', rankRequestMessage(request), signal)),
      evaluate: async (request) =>
        evaluateResponseFrom(await call('Evaluate', evaluateRequestMessage(request), signal)),
      explain: async (request) => explainResponseFrom(await call('Explain', asObject(request), signal)),
      listPools: async (request) => listPoolsResponseFrom(await call('ListPools', asObject(request), signal)),
    },
    notes: [],
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

function asObject(request: unknown): object {
  if (typeof request === 'object' && request !== null) return request;
  throw new InvalidRequest([{ path: '', message: 'must be an object' }]);
}

function rootsOf(
  server: string,
  { server_ca: file }: ServerSettings,
  context: CommandContext,
): Buffer | undefined {
  if (file !== undefined) return bytesOf(file);
  if (!/^(localhost|127\.0\.0\.1|\[::1\]):/.test(server)) return undefined;
  // The development certificate of a server on this machine is its own root.
  const { state_dir } = serveConfig({
    flags: { mode: 'TEST' },
    environment: context.environment,
    configFile: undefined,
    prod: false,
  });
  try {
    return readFileSync(join(state_dir, 'localhost.crt'));
  } catch {
    return undefined;
  }
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError([`${path} cannot be read: ${why}`], { cause: error });
  }
}

/** One line of what a header can hold: anything else is not the token, and would fail far from here. */
function tokenOf(path: string): string {
  const token = bytesOf(path).toString('utf8').trim();
  if (!/^[\x20-\x7e]+$/.test(token))
    throw new UsageError([`${path} holds no token: it must be one line of printable ASCII`]);
  return token;
}

/** A request that the API refused was given wrongly on the command line: exit code 2. */
export async function asUsage<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    throw new UsageError(
      error.details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)),
      { cause: error },
    );
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  evaluateResponseFrom,
  explainResponseFrom,
  listPoolsResponseFrom,
  rankResponseFrom,
} from '../../api/answers.ts';
import { evaluateRequestMessage, rankRequestMessage } from '../../api/request-messages.ts';
import { serveConfig } from '../../config/serve-config.ts';
import { decisionSettings } from '../../config/serve-settings.ts';
import {
  addSettingFlags,
  flagName,
  setting,
  settingFlags,
  settingValues,
  type SettingValues,
} from '../../config/setting.ts';
import { durationMs, filePath } from '../../config/value-types.ts';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { CommandContext } from '../command-context.ts';
import type { LocalAdvisor } from './local-advisor.ts';
import type { OpenedAdvisor } from './opened-advisor.ts';

const serverSettings = {
  server: setting(
    z
      .string()
      .regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port, for example localhost:9443')
      .optional(),
    undefined,
    'host:port',
    'ask the server there over gRPC',
  ),
  server_ca: setting(
    filePath.optional(),
    undefined,
    'file',
    'roots to check the server by, PEM; default: the development certificate for localhost, else the roots of this machine',
  ),
  client_cert: setting(
    filePath.optional(),
    undefined,
    'file',
    'client certificate, PEM, for a server that wants one',
  ),
  client_key: setting(filePath.optional(), undefined, 'file', 'private key of the client certificate, PEM'),
  timeout: setting(durationMs(600_000), '10s', 'duration', 'how long to wait for the server'),
} as const;

type ServerSettings = SettingValues<typeof serverSettings>;

export function addServerFlags(command: Command): Command {
  return addSettingFlags(command, serverSettings);
}

/** @throws UsageError */
export function serverSettingsOf(
  options: Readonly<Record<string, unknown>>,
  { environment }: CommandContext,
): ServerSettings {
  const flags = settingFlags(serverSettings, options);
  return settingValues(serverSettings, { flags, environment, file: undefined });
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
        : { certificate: pemOf(settings.client_cert), key: pemOf(settings.client_key) },
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
  if (file !== undefined) return pemOf(file);
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

function pemOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError([`${path} cannot be read: ${why}`], { cause: error });
  }
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

import { z } from 'zod';
import { flag, setting } from '../../config/setting.ts';
import { configFileSettings } from '../../config/settings-file.ts';
import { takes } from '../../config/value-text.ts';
import {
  awsRegion,
  boundedNumber,
  durationMs,
  filePath,
  moment,
  wholeNumber,
  yesOrNo,
} from '../../config/value-types.ts';

/** Which server is asked, and how it is trusted. */
export const serverSettings = {
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
  server_token_file: setting(
    filePath.optional(),
    undefined,
    'file',
    'file with the token of a server that wants one (its api_token_file)',
  ),
  timeout: setting(durationMs(600_000), '10s', 'duration', 'how long to wait for the server'),
} as const;

const json = flag(yesOrNo, 'false', '', 'the answer of the API as JSON');

/** Where the instance or the pools are that were asked for; checked here also when a server answers. */
export const askedRegion = {
  region: flag(awsRegion.optional(), undefined, 'region', 'AWS region that is asked about'),
} as const;

const size = boundedNumber(0, 100_000).optional();

export const rankSettings = {
  vcpu: flag(
    size,
    undefined,
    'vCPUs',
    'instead of pools: every known pool of the region with at least as many vCPUs',
  ),
  memory_gb: flag(size, undefined, 'GiB', 'and at least as much memory'),
  architecture: flag(
    z.enum(['x86_64', 'arm64']).optional(),
    undefined,
    'name',
    'and this processor architecture',
  ),
  request: flag(
    filePath.optional(),
    undefined,
    'file',
    'instead of pools: a request of the API as JSON; - reads standard input',
  ),
  replay: flag(
    filePath.optional(),
    undefined,
    'file',
    'run a recorded scale-up again on what was known then, and show both answers',
  ),
  today: flag(yesOrNo, 'false', '', 'with --replay: decide by what is known and configured now'),
  top: flag(wholeNumber(1, 100_000), 10, 'count', 'candidates that the table shows, best first'),
  all: flag(yesOrNo, 'false', '', 'show every candidate, and each dropped one with its sentence'),
  json,
  ...configFileSettings,
} as const;

export const evaluateSettings = {
  signal: flag(
    takes('NONE, REBALANCE or TERMINATION', z.string()),
    'NONE',
    'name',
    'what AWS told of the instance',
  ),
  signal_time: flag(moment.optional(), undefined, 'time', 'when it was told'),
  instance_id: flag(z.string().optional(), undefined, 'id', 'for the log and the answer'),
  json,
  ...configFileSettings,
} as const;

export const explainSettings = {
  last: flag(wholeNumber(1, 100), 1, 'count', 'how many of the last decisions'),
  json,
} as const;

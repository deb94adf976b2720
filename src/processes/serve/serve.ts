import { defaultStateDir, type ServeConfig } from '../../config/serve-config.ts';
import type { CommandContext } from '../command-context.ts';
import { demonstration } from './demonstration.ts';
import { SpotServer } from './spot-server.ts';

/** A demonstration is not urgent: on a busy machine the model is waited for rather than shown as missing. */
const demonstrationWarmUpMs = 30_000;

/** Runs the server until the context's signal, then lets open calls end. */
export async function serve(config: ServeConfig, context: CommandContext, demo: boolean): Promise<void> {
  const server = await SpotServer.create(config, context.environment);
  if (demo) await server.parts.knowledge.ready(demonstrationWarmUpMs);
  const { grpcPort, httpPort, certificate, reasons } = await server.start();
  const { log, expander } = server.parts;
  try {
    if (certificate.isDevelopment)
      context.writeError(`development certificate for localhost: ${certificate.certFile}\n`);
    for (const sentence of reasons) log.warn({}, sentence);
    if (demo)
      context.writeOut(
        await demonstration(
          expander,
          { grpcPort, httpPort, certFile: certificate.certFile, isUsualPlace: isUsualPlace(config, context) },
          context.paint,
        ),
      );
    await aborted(context.signal);
  } finally {
    await server.stop();
  }
  log.info({}, 'stopped');
}

/** Where a command on this machine looks for a development certificate by itself. */
function isUsualPlace({ state_dir, tls_cert }: ServeConfig, { environment }: CommandContext): boolean {
  return tls_cert === undefined && state_dir === defaultStateDir(environment);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

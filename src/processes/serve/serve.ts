import type { ServeConfig } from '../../config/serve-config.ts';
import type { CommandContext } from '../command-context.ts';
import { demonstration } from './demonstration.ts';
import { SpotServer } from './spot-server.ts';

/** Runs the server until the context's signal, then lets open calls end. */
export async function serve(config: ServeConfig, context: CommandContext, demo: boolean): Promise<void> {
  const server = await SpotServer.create(config, context.environment);
  const { grpcPort, httpPort, certificate, reasons } = await server.start();
  const { log, expander, decisions } = server.parts;
  try {
    if (certificate.isDevelopment)
      context.writeError(`development certificate for localhost: ${certificate.certFile}\n`);
    for (const sentence of reasons) log.warn({}, sentence);
    if (demo)
      context.writeOut(
        await demonstration(expander, decisions, { grpcPort, httpPort, certFile: certificate.certFile }),
      );
    await aborted(context.signal);
  } finally {
    await server.stop();
  }
  log.info({}, 'stopped');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { answeredIds } from './answered-ids.ts';

const realRequest = readFileSync(new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url));

/** One call over a connection of its own: how a client fares that comes now. `answered`, or what went wrong. */
export function freshCall(
  port: number,
  rootPem: string,
  message: Uint8Array = realRequest,
  timeoutMs = 5_000,
): Promise<string> {
  const client = new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(rootPem)), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpcplugin.Expander/BestOptions',
      (bytes: Uint8Array) => Buffer.from(bytes),
      (reply: Buffer) => reply,
      message,
      { deadline: Date.now() + timeoutMs },
      (error: ServiceError | null, reply?: Buffer) => {
        client.close();
        if (error !== null) resolve(`${error.code} ${error.details}`);
        else resolve(answeredIds(reply ?? Buffer.alloc(0)).length > 0 ? 'answered' : 'an empty answer');
      },
    );
  });
}

/** The SHA-256 fingerprint of the certificate that a new connection is shown, trusted or not. */
export function shownCertificate(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['h2'] },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

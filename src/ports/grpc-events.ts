/** What the transport tells whoever counts and logs. Ids and addresses belong in the log, never in a metric label. */
export type GrpcEvent =
  | CallEnded
  | { readonly kind: 'handler-failed'; readonly method: string; readonly error: unknown }
  | { readonly kind: 'certificate-loaded'; readonly certificate: CertificateReport }
  | { readonly kind: 'certificate-refused'; readonly reason: string }
  | {
      readonly kind: 'certificate-ends-soon' | 'certificate-ended';
      readonly certificate: CertificateReport;
    }
  | { readonly kind: 'windows-not-in-force'; readonly reason: string };

export interface CallEnded {
  readonly kind: 'call-ended';
  /** Full method, `/grpcplugin.Expander/BestOptions`. */
  readonly method: string;
  /** gRPC status code, 0 = OK. */
  readonly code: number;
  /** From the request's headers to the end of the answer. */
  readonly durationMs: number;
  /** Bytes of the request message as received. */
  readonly requestBytes: number;
}

/** The certificate in force. */
export interface CertificateReport {
  readonly fingerprint256: string;
  readonly subjectAltName: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** How the transport is really set, for `/readyz`, metrics and tests. */
export interface TransportReport {
  /** HTTP/2 receive windows in bytes; the connection's is undefined until a client connected or when it cannot be set. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number | undefined;
  /** Undefined until a client connected. */
  readonly windowsInForce: boolean | undefined;
  /** `direct`: large requests are received in place. `grpc-js`: the library's own path, because its server could not be reached into. */
  readonly bestOptionsPath: 'direct' | 'grpc-js';
  readonly openCalls: number;
  readonly openConnections: number;
  readonly certificate: CertificateReport;
  /** Why the files on disk are not what is served; undefined when they are. */
  readonly certificateRefusal: string | undefined;
}

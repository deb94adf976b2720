/** What the transport tells whoever counts and logs. Ids and addresses belong in the log, never in a metric label. */
export type GrpcEvent =
  | CallEnded
  | { readonly kind: 'handler-failed'; readonly method: string; readonly error: unknown }
  | { readonly kind: 'certificate-loaded'; readonly certificate: CertificateReport }
  | { readonly kind: 'certificate-refused'; readonly reason: string }
  | {
      readonly kind: 'certificate-ends-soon' | 'certificate-ended';
      readonly certificate: CertificateReport;
    };

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
  /** HTTP/2 receive windows of large messages in bytes; the connection's is undefined until one has come. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number | undefined;
  /** Undefined until a large message has come. */
  readonly windowsInForce: boolean | undefined;
  readonly openCalls: number;
  readonly openConnections: number;
  /** What calls hold: headers, messages that come in, what they inflate to, answers that are not read. */
  readonly bytesInFlight: number;
  readonly bytesInFlightLimit: number;
  readonly certificate: CertificateReport;
  /** Why the files on disk are not what is served; undefined when they are. */
  readonly certificateRefusal: string | undefined;
}

/** What a webhook is told. */
export interface WebhookMessage {
  /** The same event has the same id, so that a receiver can drop what it knows. */
  readonly id: string;
  readonly reason: string;
  readonly message: string;
  readonly node: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface Webhook {
  /** Never throws; tries again by itself. */
  send(message: WebhookMessage, signal: AbortSignal): Promise<'sent' | 'failed'>;
}

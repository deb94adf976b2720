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

/** The fields that a template can name. */
export const webhookPlaces = [
  'id',
  'reason',
  'message',
  'node',
  'instanceId',
  'instanceType',
  'zone',
  'time',
] as const satisfies readonly (keyof WebhookMessage)[];

export interface Webhook {
  /** Never throws; tries again by itself. */
  send(message: WebhookMessage, signal: AbortSignal): Promise<'sent' | 'failed'>;
}

import { z } from 'zod';
import { messageOf } from '../errors/message-of.ts';
import type { ModelCard } from './model-card.ts';
import { mistakesOf } from './mistakes.ts';

const probability = z.number().min(0).max(1);

const points = z
  .array(z.tuple([probability, probability]).readonly())
  .min(1)
  .superRefine((table, context) => {
    for (const [index, [score, value]] of table.entries()) {
      const before = table[index - 1];
      if (before === undefined) continue;
      if (score <= before[0])
        context.addIssue({
          code: 'custom',
          path: [index],
          message: 'scores must strictly ascend',
        });
      if (value < before[1])
        context.addIssue({ code: 'custom', path: [index], message: 'probabilities must never fall' });
    }
  });

const scale = {
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
  calibration: z.object({ method: z.enum(['isotonic', 'platt']), points }),
  priorRate: z.number().gt(0).lt(1),
  thresholds: z.object({ f1: probability, gate: probability }),
};

const fileBeside = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$/, 'must be the name of an .onnx file beside the card');

const cardSchema = z.object({
  ...scale,
  name: z.string().min(1),
  version: z.string().min(1),
  createdAt: z.iso.datetime({ offset: true }),
  features: z
    .array(z.string().min(1))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'each feature once'),
  horizonHours: z.number().positive(),
  spikeThreshold: z.number().positive(),
  dataSpan: z
    .object({ fromMs: z.number(), toMs: z.number(), regions: z.array(z.string()) })
    .refine((span) => span.fromMs < span.toMs, 'fromMs must come before toMs'),
  metrics: z.record(z.string(), z.unknown()),
  minPricePerHour: z.number().min(0).exactOptional(),
  families: z.record(z.string(), z.object({ ...scale, file: fileBeside })).exactOptional(),
});

export type CardReading =
  | { readonly kind: 'card'; readonly card: ModelCard }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

/** Reads a card's JSON text; every mistake is named with its place. */
export function modelCardOf(text: string): CardReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      kind: 'mistakes',
      mistakes: [`not JSON: ${messageOf(error)}`],
    };
  }
  const parsed = cardSchema.safeParse(value);
  return parsed.success
    ? { kind: 'card', card: parsed.data }
    : { kind: 'mistakes', mistakes: mistakesOf(parsed.error.issues) };
}

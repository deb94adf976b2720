import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { flag } from '../../config/setting.ts';
import { resultFile } from '../../config/value-types.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { featureNames } from '../../learning/feature-names.ts';
import { lightGbmModel } from '../../learning/lightgbm-text.ts';
import { onnxBytes } from '../../learning/onnx-graph.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withSettings } from '../settings-command.ts';

const importSettings = {
  scope: 'IMPORT_LIGHTGBM',
  table: { out: flag(resultFile, undefined, 'file', 'the .onnx file to write') },
} as const;

/** `spot-expander import-lightgbm`: a model that LightGBM saved as text, as the ONNX file that servers read. */
export function importLightGbmCommand(context: CommandContext): Command {
  return withSettings(new Command('import-lightgbm'), importSettings)
    .description('turn a LightGBM text model into ONNX; thresholds are rounded down to float32')
    .argument('<model>', 'the file that LightGBM saved')
    .action((file: string, options: Readonly<Record<string, unknown>>) => {
      const { out } = readSettings(importSettings, options, context);
      const model = modelIn(file);
      const unknown = model.featureNames.filter((name) => !featureNames.some((known) => known === name));
      if (unknown.length > 0)
        context.writeError(
          `A server cannot compute these features: ${unknown.join(', ')}. It knows ${featureNames.join(', ')}.\n`,
        );
      const bytes = onnxBytes({ forest: model.forest }, { features: model.featureNames.join(' ') });
      writeFileSync(out, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      context.writeOut(
        `Wrote ${out}: ${model.forest.trees.length} trees, ${model.featureNames.length} features in this order: ${model.featureNames.join(', ')}.\nIts card needs sha256 ${sha256}, a calibration table, the base rate and the label it was trained for: docs/score.md has one.\n`,
      );
    });
}

function modelIn(file: string) {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError([`the LightGBM model ${file} cannot be read`], { cause });
  }
  try {
    return lightGbmModel(text);
  } catch (cause) {
    throw new UsageError([`${file}: ${messageOf(cause)}`], { cause });
  }
}

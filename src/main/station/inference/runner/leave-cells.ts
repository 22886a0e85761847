import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { ANSWER_LIMITS, type RunHeatmap, type RunMask } from '../run-answer.ts';
import type { CellAnswers } from './collect-outputs.ts';
import { keepParts } from './connected-parts.ts';
import { mapHeatmap } from './map-heatmap.ts';
import { mapMask } from './map-mask.ts';
import { leaveInOutbox } from './outbox.ts';
import type { SourceMap } from './source-map.ts';

const pack = promisify(gzip);
const UNIT: readonly [number, number] = [0, 1];

/** Masks and heatmaps of a series so far. */
export type LeftCells = { readonly masks: RunMask[]; readonly heatmaps: RunHeatmap[] };

/** Carries what a model said of one stack's cells back to its frames and leaves it in the outbox, one file after another. */
export async function leaveCells(
  outputs: ModelManifest['outputs'],
  { segmentations, heatmaps }: CellAnswers,
  map: SourceMap,
  left: LeftCells,
  setting: { readonly outboxDir: string; readonly signal: AbortSignal },
): Promise<Result<void, { readonly code: 'outbox-full' | 'not-calibrated' | 'grid-too-large' | 'cancelled' }>> {
  for (const { output: index, segmented } of segmentations) {
    const output = outputs[index];
    if (output?.role !== 'segmentation') continue;
    // Parts can only be told small in millilitres where there are any.
    if (output.parts.minMl > 0 && map.cellMl === null) return err({ code: 'not-calibrated' });
    for (const label of segmented.labels) {
      if (setting.signal.aborted) return err({ code: 'cancelled' });
      if (left.masks.length === ANSWER_LIMITS.masks) return err({ code: 'grid-too-large' });
      const grid = segmented.maskOf(label);
      const { count, cells } = keepParts(grid, map.shape, map.cellMl, output.parts, map.isVolume);
      const { bits, ...mask } = mapMask(grid, map);
      const file = await leaveInOutbox(setting.outboxDir, await pack(bits));
      if (!file.ok) return file;
      const about = { tensor: output.tensor, label, parts: count, cells, peak: segmented.peakOf(label) };
      left.masks.push({ ...about, ...file.value, ...mask });
    }
  }
  for (const { output: index, heats } of heatmaps) {
    const output = outputs[index];
    if (output?.role !== 'heatmap') continue;
    for (const heat of heats) {
      if (left.heatmaps.length === ANSWER_LIMITS.heatmaps) break; // for looking at only, and so many nobody looks at
      const { bytes, ...heatmap } = mapHeatmap(heat, map, output.activation === 'none' ? null : UNIT);
      const file = await leaveInOutbox(setting.outboxDir, await pack(bytes));
      if (!file.ok) return file;
      const frames = map.frames.map(({ sopUid, frameNumber }) => ({ sopUid, frameNumber }));
      left.heatmaps.push({ tensor: output.tensor, label: heat.label, ...file.value, ...heatmap, frames });
    }
  }
  return ok(undefined);
}

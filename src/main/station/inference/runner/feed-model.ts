import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import type { VolumeShape } from './interpret-outputs.ts';
import type { TensorData } from './session.ts';

/** A volume as models take it, whatever it was made from. */
export type VolumeInput = {
  readonly values: Float32Array;
  readonly shape: VolumeShape;
  /** Between slices (mean), rows, columns. */
  readonly spacingMm: readonly [number, number, number];
  readonly extentsMm: readonly number[];
};

/** Gives each input of the manifest its tensor, by role. */
export function feedModel(manifest: ModelManifest, volume: VolumeInput): Readonly<Record<string, TensorData>> {
  const feeds: Record<string, TensorData> = {};
  for (const input of manifest.inputs) {
    switch (input.role) {
      case 'volume':
        feeds[input.tensor] = { type: 'float32', dims: [1, 1, ...volume.shape], data: volume.values };
        break;
      case 'spacing':
        feeds[input.tensor] = { type: 'float32', dims: [3], data: Float32Array.from(volume.spacingMm) };
        break;
      case 'slice-extents':
        feeds[input.tensor] = {
          type: 'float32',
          dims: [volume.extentsMm.length],
          data: Float32Array.from(volume.extentsMm),
        };
        break;
    }
  }
  return feeds;
}

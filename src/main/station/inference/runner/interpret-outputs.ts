import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunOutput } from '../runner-protocol.ts';
import type { TensorData } from './session.ts';

/** What a model said, checked: numbers, and the masks on the working grid by tensor name. */
export type Interpretation = {
  readonly outputs: readonly RunOutput[];
  readonly masks: readonly { readonly tensor: string; readonly label: string; readonly grid: Uint8Array }[];
};

/** Shape of the volume the model was given: slices, rows, columns. */
export type VolumeShape = readonly [number, number, number];

/**
 * Reads a model's tensors by the manifest's roles alone. A tensor that is missing, of another type or shape, not a number or out of
 * its range makes the whole answer bad: half an answer is none.
 */
export function interpretOutputs(
  manifest: ModelManifest,
  tensors: ReadonlyMap<string, TensorData>,
  shape: VolumeShape,
): Result<Interpretation, { readonly code: 'bad-output' }> {
  const outputs: RunOutput[] = [];
  const masks: { tensor: string; label: string; grid: Uint8Array }[] = [];
  for (const output of manifest.outputs) {
    const tensor = tensors.get(output.tensor);
    if (tensor === undefined) return err({ code: 'bad-output' });
    if (output.role === 'mask') {
      const grid = tensor.data;
      if (!(grid instanceof Uint8Array) || !hasShape(tensor, [1, 1, ...shape])) return err({ code: 'bad-output' });
      masks.push({ tensor: output.tensor, label: output.label, grid });
      continue;
    }
    const value = tensor.data[0];
    const range = output.role === 'probability' ? { min: 0, max: 1 } : output.range;
    if (tensor.type !== 'float32' || tensor.data.length !== 1 || value === undefined)
      return err({ code: 'bad-output' });
    if (!Number.isFinite(value) || value < range.min || value > range.max) return err({ code: 'bad-output' });
    const unit = output.role === 'measurement' ? output.unit : null;
    outputs.push({ tensor: output.tensor, role: output.role, label: output.label, value, unit });
  }
  return ok({ outputs, masks });
}

function hasShape(tensor: TensorData, dims: readonly number[]): boolean {
  const count = dims.reduce((product, size) => product * size, 1);
  return (
    tensor.dims.length === dims.length &&
    tensor.dims.every((size, axis) => size === dims[axis]) &&
    tensor.data.length === count
  );
}

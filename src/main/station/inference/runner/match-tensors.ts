import { tensorsOf } from '../../../../shared/domain/model-contradictions.ts';
import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { countChannels } from '../../../../shared/domain/model-preprocessing.ts';
import type { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { type PackageFault, packageFault } from '../../../../shared/domain/package-fault.ts';
import { preparedSize } from './prepared-size.ts';
import type { DeclaredTensor, ModelSession } from './session.ts';

/** Where manifest and model file speak of different tensors, types or shapes; empty where they fit as far as the file says. */
export function matchTensors(
  manifest: ModelManifest,
  session: Pick<ModelSession, 'inputs' | 'outputs'>,
): readonly PackageFault[] {
  const inputs = new Map(session.inputs.map((tensor) => [tensor.name, tensor]));
  const outputs = new Map(session.outputs.map((tensor) => [tensor.name, tensor]));
  return [
    ...manifest.inputs.flatMap((input, index) => matchInput(manifest, input, `inputs.${index}`, inputs)),
    ...session.inputs
      .filter(({ name }) => !manifest.inputs.some(({ tensor }) => tensor === name))
      .map((tensor) =>
        packageFault('tensor-unexpected', 'inputs', {
          value: manifest.inputs.map(({ tensor: name }) => name),
          expected: `also ${tensor.name}, which the model needs: ${inWords(tensor)}`,
        }),
      ),
    ...manifest.outputs.flatMap((output, index) =>
      tensorsOf(output).flatMap((name) => {
        const field = `outputs.${index}${name === output.tensor ? '' : name === scoreTensor(output) ? '.score' : '.classFrom'}.tensor`;
        const declared = outputs.get(name);
        if (declared === undefined) return [missing(field, name, outputs)];
        if (declared.type !== 'other') return [];
        return [packageFault('tensor-type', field, { value: name, expected: 'a tensor of numbers that can be read' })];
      }),
    ),
  ];
}

function matchInput(
  manifest: ModelManifest,
  input: ModelInput,
  field: string,
  declaredInputs: ReadonlyMap<string, DeclaredTensor>,
): readonly PackageFault[] {
  const declared = declaredInputs.get(input.tensor);
  if (declared === undefined) return [missing(`${field}.tensor`, input.tensor, declaredInputs)];
  const faults: PackageFault[] = [];
  if (declared.type !== input.type)
    faults.push(
      packageFault('tensor-type', `${field}.type`, {
        value: input.type,
        expected: declared.type === 'other' ? 'a type that no manifest can name' : declared.type,
      }),
    );
  // A shape that the file does not state is found out by running.
  if (declared.dims.length === 0) return faults;
  const given = givenDims(manifest, input);
  if (given === null) return faults;
  const fits =
    given.length === declared.dims.length &&
    given.every((size, axis) => size === null || declared.dims[axis] === null || declared.dims[axis] === size);
  if (!fits) {
    const shape = given.map((size) => size ?? 'any');
    const value = input.role === 'image' ? { layout: input.layout, shape } : { shape };
    faults.push(
      packageFault('tensor-shape', input.role === 'image' ? `${field}.layout` : field, {
        value,
        expected: `[${declared.dims.map((size) => size ?? 'any').join(', ')}], as ${input.tensor} has`,
      }),
    );
  }
  return faults;
}

/** The shape that an input will be given, as far as the manifest alone says; null stands for what the series decides, or another model. */
function givenDims({ preprocessing }: ModelManifest, input: ModelInput): readonly (number | null)[] | null {
  const { sampling } = preprocessing;
  const batch = sampling.kind === 'volume' ? 1 : sampling.batch;
  const isExact = 'batchIs' in sampling && sampling.batchIs === 'exactly';
  const samples = batch === 1 || isExact ? batch : null;
  switch (input.role) {
    case 'image': {
      const prepared = input.channels?.length ?? countChannels(preprocessing);
      const isDeep = input.layout.includes('D');
      const [depth, rows, columns] = sampling.kind === 'patches' ? sampling.size : preparedSize(preprocessing);
      const slab = sampling.kind === 'slabs' ? sampling.slices : 1;
      const sizes: Readonly<Record<string, number | null>> = {
        N: samples,
        C: isDeep ? prepared : prepared * slab,
        D:
          sampling.kind === 'slices'
            ? 1 + (input.followedBy?.length ?? 0)
            : sampling.kind === 'slabs'
              ? slab
              : sampling.kind === 'clips'
                ? sampling.frames
                : depth,
        H: rows,
        W: columns,
      };
      return input.layout.split('').map((axis) => sizes[axis] ?? null);
    }
    case 'spacing':
      return [3];
    case 'slice-extents':
      return [null];
    case 'scalar':
      return batch === 1 || input.dims.length === 0 ? input.dims : [samples, ...input.dims.slice(1)];
    case 'vector':
      return input.batchAxis ? [samples, input.values.length] : [input.values.length];
    case 'constant':
      return input.dims;
    case 'fed':
      // What the other model gives is known when it has run; a score stands for each label.
      return input.what.from === 'scores' ? [1, input.what.labels.length] : null;
  }
}

function scoreTensor(output: ModelManifest['outputs'][number]): string | null {
  return output.role === 'boxes' && output.score.from === 'tensor' ? output.score.tensor : null;
}

function missing(field: string, name: string, known: ReadonlyMap<string, DeclaredTensor>): PackageFault {
  const expected = `one of the model's: ${[...known.values()].map(inWords).join(', ')}`;
  return packageFault('tensor-missing', field, { value: name, expected });
}

function inWords({ name, type, dims }: DeclaredTensor): string {
  return `${name} (${type} [${dims.map((size) => size ?? 'any').join(', ')}])`;
}

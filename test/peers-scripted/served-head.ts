import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type { ServedModel } from './inference-server.ts';

/** Where the shipped head CT package lies. */
export const HEAD_PACKAGE = path.resolve(import.meta.dirname, '../../resources/models/head-ct-hyperdense');
const DATATYPES: Readonly<Record<string, string>> = { float32: 'FP32', int64: 'INT64', uint8: 'UINT8', bool: 'BOOL' };

/** The shipped head CT model as a server has it, as `bleed` in version 7: computed by the same library, on the far side of the wire. */
export async function servedHead(): Promise<ServedModel> {
  const session = await ort.InferenceSession.create(readFileSync(path.join(HEAD_PACKAGE, 'model.onnx')));
  const declare = (tensors: readonly ort.InferenceSession.ValueMetadata[]) =>
    tensors.flatMap((one) => {
      if (!one.isTensor) return [];
      const shape = one.shape.map((size) => (typeof size === 'number' ? size : -1));
      return [{ name: one.name, datatype: DATATYPES[one.type] ?? 'BYTES', shape }];
    });
  return {
    ...{ name: 'bleed', versions: ['7'] },
    inputs: declare(session.inputMetadata),
    outputs: declare(session.outputMetadata),
    async compute(inputs) {
      const feeds = [...inputs].map(([name, { shape, numbers }]) => {
        return [name, new ort.Tensor('float32', Float32Array.from(numbers), shape)] as const;
      });
      const answer = Object.entries(await session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(
        answer.map(([name, { dims, data }]) => [
          name,
          { shape: dims, numbers: Array.from(data as Float32Array, Number) },
        ]),
      );
    },
  };
}

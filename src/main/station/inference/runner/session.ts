import * as ort from 'onnxruntime-node';

/** A tensor as the rest of the runner knows it; 64-bit integers do not occur. */
export type TensorData = {
  readonly type: 'float32' | 'uint8';
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array;
};

/** A loaded model. */
export type ModelSession = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Computes; rejects when the model fails. Tensors of other types than `TensorData` knows are left out of the answer. */
  readonly run: (feeds: Readonly<Record<string, TensorData>>) => Promise<ReadonlyMap<string, TensorData>>;
  readonly close: () => Promise<void>;
};

export type SessionOptions = { readonly provider: string; readonly threads: number };

/** Version of the native library, for receipts. */
export const ONNXRUNTIME_VERSION: string = ort.env.versions.node ?? ort.env.versions.common;

/** Names of the providers that this build of the library holds; holding one does not mean that the machine can use it. */
export function bundledProviders(): readonly string[] {
  return ort.listSupportedBackends().map((backend) => backend.name);
}

/** Loads a model from its bytes on one provider; rejects when the library does not take it. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<ModelSession> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [options.provider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, tensor]) => {
        return [name, new ort.Tensor(tensor.type, tensor.data, tensor.dims)] as const;
      });
      const answer = await session.run(Object.fromEntries(tensors));
      const outputs = new Map<string, TensorData>();
      for (const [name, tensor] of Object.entries(answer)) {
        if (tensor.type !== 'float32' && tensor.type !== 'uint8') continue;
        outputs.set(name, { type: tensor.type, dims: tensor.dims, data: tensor.data as Float32Array | Uint8Array });
      }
      return outputs;
    },
    close: () => session.release(),
  };
}

import { gzipSync } from 'node:zlib';
import { leaveInOutbox } from './outbox.ts';
import type { ModelSession, TensorData } from './session.ts';

/** A tensor left in the outbox as the model gave it: gzip over its little-endian values. */
export type LeftTensor = {
  readonly tensor: string;
  readonly digest: string;
  readonly sizeBytes: number;
};

/** Quick rather than small: it stands between two patches of a run. */
const LEVEL = 1;

/**
 * A session that also leaves every tensor it gives in the outbox. A tensor given more than once (patches, slices) is numbered
 * from the second time on: `mask`, `mask#2`. What does not fit is left out, and the run goes on.
 */
export function recordTensors(
  session: ModelSession,
  outboxDir: string,
): { readonly session: ModelSession; readonly left: readonly LeftTensor[] } {
  const left: LeftTensor[] = [];
  const times = new Map<string, number>();
  return {
    left,
    session: {
      ...session,
      async run(feeds, signal) {
        const tensors = await session.run(feeds, signal);
        for (const [name, { data }] of tensors) {
          const time = (times.get(name) ?? 0) + 1;
          times.set(name, time);
          const file = await leaveInOutbox(outboxDir, gzipSync(bytesOf(data), { level: LEVEL }));
          if (file.ok) left.push({ tensor: time === 1 ? name : `${name}#${time}`, ...file.value });
        }
        return tensors;
      },
    },
  };
}

function bytesOf(data: TensorData['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

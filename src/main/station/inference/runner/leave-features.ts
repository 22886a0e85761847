import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunFinished } from '../runner-protocol.ts';
import type { Features } from './collect-features.ts';
import { leaveInOutbox } from './outbox.ts';

const pack = promisify(gzip);

/** Features and the tensor they are of. */
export type NamedFeatures = Features & { readonly tensor: string };

/** Leaves features in the outbox, each in a file of its own: gzip over little-endian float32. */
export async function leaveFeatures(
  all: readonly NamedFeatures[],
  setting: { readonly outboxDir: string },
): Promise<Result<NonNullable<RunFinished['features']>, { readonly code: 'outbox-full' }>> {
  const left: NonNullable<RunFinished['features']> = [];
  for (const { tensor, dims, values } of all) {
    const file = await leaveInOutbox(setting.outboxDir, await pack(new Uint8Array(values.buffer)));
    if (!file.ok) return file;
    left.push({ tensor, dims: [...dims], ...file.value });
  }
  return ok(left);
}

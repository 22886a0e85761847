import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type ReadDataset, readDataset } from '../dataset/read-dataset.ts';
import { DataSetCutShort, type Message } from './receive-messages.ts';

/** The longest identifier or attribute list read into memory, in bytes: a step may name 30,000 images. Object bodies are streamed and have no limit. */
export const MAX_IDENTIFIER_LENGTH = 4 * 1024 * 1024;

/** Why a message's data set could not be had. `cut-short`: the association ended within it. */
export type IdentifierFailure = { readonly code: 'too-long' | 'unreadable' | 'cut-short' };

/** Reads a message's whole data set, in its context's transfer syntax; null where it has none. */
export async function readIdentifier(
  message: Message,
  transferSyntaxUid: string,
): Promise<Result<ReadDataset | null, IdentifierFailure>> {
  if (message.body === null) return ok(null);
  const bytes = await collectIdentifier(message.body);
  if (!bytes.ok) return bytes;
  const read = readDataset(bytes.value, transferSyntaxUid);
  return read.ok ? read : err({ code: 'unreadable' });
}

async function collectIdentifier(body: AsyncIterable<Uint8Array>): Promise<Result<Uint8Array, IdentifierFailure>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      length += part.length;
      if (length > MAX_IDENTIFIER_LENGTH) return err({ code: 'too-long' });
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof DataSetCutShort) return err({ code: 'cut-short' });
    throw error;
  }
  return ok(Buffer.concat(parts));
}

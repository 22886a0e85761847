import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type ReadDataset, readDatasetInTurns } from '../dataset/read-dataset.ts';
import { DataSetCutShort, type Message } from './receive-messages.ts';

/** How much of an identifier or attribute list is read into memory; object bodies are streamed and have no limit. */
export type IdentifierLimits = { readonly mostBytes: number; readonly mostElements: number };

/** For what is asked: the longest list of UIDs by which a peer retrieves is far below. */
export const SHORT_IDENTIFIER: IdentifierLimits = { mostBytes: 256 * 1024, mostElements: 10_000 };
/** For what names the images of a step or of a transaction one by one: 30,000 of them and more. */
export const LONG_IDENTIFIER: IdentifierLimits = { mostBytes: 4 * 1024 * 1024, mostElements: 400_000 };

/** Why a message's data set could not be had. `cut-short`: the association ended within it. */
export type IdentifierFailure = { readonly code: 'too-long' | 'unreadable' | 'cut-short' };

/** A data set as read, null where the message has none; whoever is done with it says so. */
export type HeldIdentifier = { readonly dataset: ReadDataset | null; readonly release: () => void };

/** The last long data set to be read ends; a read one takes up to fifty times its bytes. */
let longOnes: Promise<void> = Promise.resolve();

/**
 * Reads a message's whole data set, in its context's transfer syntax, in turns with other work. Of the long ones the whole
 * process holds one at a time: the next is read once the one before it is released.
 */
export async function readIdentifier(
  message: Message,
  transferSyntaxUid: string,
  limits: IdentifierLimits,
): Promise<Result<HeldIdentifier, IdentifierFailure>> {
  if (message.body === null) return ok({ dataset: null, release: () => undefined });
  const bytes = await collectIdentifier(message.body, limits.mostBytes);
  if (!bytes.ok) return bytes;
  const release = bytes.value.length > SHORT_IDENTIFIER.mostBytes ? await takeTurn() : () => undefined;
  try {
    const read = await readDatasetInTurns(bytes.value, transferSyntaxUid, { mostElements: limits.mostElements });
    if (read.ok) return ok({ dataset: read.value, release });
    release();
    return err({ code: read.error.code === 'too-large' ? 'too-long' : 'unreadable' });
  } catch (error) {
    release();
    throw error;
  }
}

async function takeTurn(): Promise<() => void> {
  const before = longOnes;
  const { promise, resolve } = Promise.withResolvers<void>();
  longOnes = promise;
  await before;
  return resolve;
}

async function collectIdentifier(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<Result<Uint8Array, IdentifierFailure>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      length += part.length;
      if (length > mostBytes) return err({ code: 'too-long' });
      parts.push(Buffer.from(part)); // the next comes into the same memory
    }
  } catch (error) {
    if (error instanceof DataSetCutShort) return err({ code: 'cut-short' });
    throw error;
  }
  return ok(Buffer.concat(parts));
}

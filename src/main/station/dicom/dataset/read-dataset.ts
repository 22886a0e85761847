import { inflateRawSync, constants as zlib } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { findTransferSyntax } from '../transfer-syntaxes.ts';
import type { DatasetFailure, ReadDataset, ReadOptions } from './dataset.ts';
import { mostInflated } from './inflate.ts';
import { parseElements, parseElementsInTurns, Stop } from './parse-elements.ts';

/** What `readDataset` gives. */
export type { ReadDataset } from './dataset.ts';

/**
 * Reads a data set without its Part-10 header (PS3.5 §7). Never throws whatever the bytes are; strings and numbers are
 * decoded only when asked for. A deflated data set is inflated, and its positions are then those of the inflated bytes.
 */
export function readDataset(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  options: ReadOptions = {},
): Result<ReadDataset, DatasetFailure> {
  const syntax = findTransferSyntax(transferSyntaxUid);
  if (syntax === null) return err({ code: 'unknown-transfer-syntax' });
  try {
    const plain = syntax.isDeflated ? inflate(bytes, options.isHead ?? false) : bytes;
    return ok(parseElements(plain, syntax, options));
  } catch (error) {
    return err({ code: codeOf(error) });
  }
}

/**
 * As `readDataset` for bytes that are not deflated, and letting others work every few milliseconds: a hostile data set of
 * hundreds of thousands of elements does not stop the thread.
 */
export async function readDatasetInTurns(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  options: ReadOptions = {},
): Promise<Result<ReadDataset, DatasetFailure>> {
  const syntax = findTransferSyntax(transferSyntaxUid);
  if (syntax === null) return err({ code: 'unknown-transfer-syntax' });
  try {
    return ok(await parseElementsInTurns(bytes, syntax, options));
  } catch (error) {
    return err({ code: codeOf(error) });
  }
}

function codeOf(error: unknown): DatasetFailure['code'] {
  if (error instanceof Stop) return error.code;
  throw error;
}

function inflate(bytes: Uint8Array, isHead: boolean): Uint8Array {
  const finishFlush = isHead ? zlib.Z_SYNC_FLUSH : zlib.Z_FINISH;
  try {
    return inflateRawSync(bytes, { maxOutputLength: mostInflated(bytes.length), finishFlush });
  } catch (error) {
    throw new Stop(error instanceof RangeError ? 'too-large' : 'malformed'); // RangeError: longer than allowed
  }
}

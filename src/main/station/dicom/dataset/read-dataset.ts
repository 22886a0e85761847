import { inflateRawSync, constants as zlib } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { findTransferSyntax } from '../transfer-syntaxes.ts';
import type { DatasetFailure, ReadDataset, ReadOptions } from './dataset.ts';
import { parseElements, Stop } from './parse-elements.ts';

/** What `readDataset` gives. */
export type { ReadDataset } from './dataset.ts';

const MAX_INFLATED_LENGTH = 256 * 1024 * 1024;

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
    if (error instanceof Stop) return err({ code: error.code });
    throw error;
  }
}

function inflate(bytes: Uint8Array, isHead: boolean): Uint8Array {
  const finishFlush = isHead ? zlib.Z_SYNC_FLUSH : zlib.Z_FINISH;
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_LENGTH, finishFlush });
  } catch (error) {
    throw new Stop(error instanceof RangeError ? 'too-large' : 'malformed'); // RangeError: longer than allowed
  }
}
